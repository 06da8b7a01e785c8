#include "server/http/buffer_budget.h"

#include <gtest/gtest.h>

namespace embd::http {
namespace {

TEST(BufferBudget, LetsOneLeaseGoBeyondAndTheOthersWaitInLine) {
  BufferBudget budget(100);
  BufferLease first(budget);
  BufferLease second(budget);
  BufferLease third(budget);
  EXPECT_TRUE(first.TryGrow(60));
  EXPECT_TRUE(second.TryGrow(60));  // beyond: the only one
  EXPECT_FALSE(third.TryGrow(1));
  EXPECT_FALSE(first.TryGrow(1));
  EXPECT_TRUE(second.TryGrow(10));
  EXPECT_EQ(budget.used(), 130U);

  int granted = 0;
  BufferBudget::Waiter one{.lease = &third, .bytes = 30, .granted = [&] { granted = 1; }};
  BufferBudget::Waiter two{.lease = &first, .bytes = 5, .granted = [&] { granted = 2; }};
  budget.Wait(one);
  budget.Wait(two);
  EXPECT_EQ(granted, 0);
  EXPECT_TRUE(budget.contended());
  second.Shrink(35);  // 95 in use: `one` goes beyond, `two` waits
  EXPECT_EQ(granted, 1);
  EXPECT_EQ(third.bytes(), 30U);
  EXPECT_TRUE(budget.contended());
  third.Clear();
  EXPECT_EQ(granted, 2);
  EXPECT_FALSE(budget.contended());
  EXPECT_EQ(budget.used(), 100U);
}

TEST(BufferBudget, ForgetsWhoGaveUp) {
  BufferBudget budget(10);
  BufferLease holder(budget);
  BufferLease beyond(budget);
  BufferLease waiting(budget);
  ASSERT_TRUE(holder.TryGrow(10));
  ASSERT_TRUE(beyond.TryGrow(1));
  bool granted = false;
  BufferBudget::Waiter waiter{.lease = &waiting, .bytes = 1, .granted = [&] { granted = true; }};
  budget.Wait(waiter);
  EXPECT_TRUE(budget.Forget(waiter));
  holder.Clear();
  beyond.Clear();
  EXPECT_FALSE(granted);
  EXPECT_FALSE(budget.Forget(waiter));
  EXPECT_EQ(budget.used(), 0U);
}

TEST(BufferBudget, CountsWhatIsThereWithoutAsking) {
  BufferBudget budget(10);
  {
    BufferLease lease(budget);
    lease.Charge(100);
    EXPECT_EQ(budget.used(), 100U);
    lease.Shrink(40);
    EXPECT_EQ(lease.bytes(), 60U);
  }
  EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace embd::http
