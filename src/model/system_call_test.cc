// A forward pass of one lane makes no system call: it runs in a child process that dies of the
// first. What the vDSO answers, such as the time, is none.

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <cstring>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/ref/ref_backend.h"
#include "model/test_support.h"

namespace embd {
namespace {

constexpr int kNotForbidden = 77;  // exit status: this system has no such filters, as under qemu

// From here on every system call but exit kills the process.
bool ForbidSystemCalls() {
  std::array<sock_filter, 4> rules = {{
      {.code = BPF_LD | BPF_W | BPF_ABS, .jt = 0, .jf = 0, .k = offsetof(seccomp_data, nr)},
      {.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = 0, .jf = 1, .k = SYS_exit},
      {.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = SECCOMP_RET_ALLOW},
      {.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = SECCOMP_RET_KILL_PROCESS},
  }};
  const sock_fprog program = {.len = rules.size(), .filter = rules.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// The status of a child that runs `body` without system calls: exits with 0 if that returns true.
template <typename F>
int StatusOf(F body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool forbidden = ForbidSystemCalls();
    const int status = !forbidden ? kNotForbidden : body() ? 0 : 1;
    ::syscall(SYS_exit, status);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

bool CannotForbid() {
  const int status = StatusOf([] { return true; });
  return WIFEXITED(status) && WEXITSTATUS(status) == kNotForbidden;
}

// The status of a child that runs a step which went well before, over the same memory.
int StatusOfAStep(std::unique_ptr<const Backend> backend, WeightPrecision precision,
                  const char* golden) {
  const test::LoadedModel loaded(test::GoldenModel(golden), std::move(backend), precision);
  const test::OwnedBatch batch = test::ReadExpected(test::GoldenModel(golden)).batch;
  const PackedBatch view = batch.view();
  const PageBuffer memory(loaded.model.ActivationBytes(batch.limits()));
  const PageBuffer scratch_memory(loaded.model.ScratchBytes(batch.limits()));
  const auto run = [&] {
    Arena arena(memory.bytes());
    Arena scratch(scratch_memory.bytes());
    return loaded.model
        .Run(view, arena, {.index = 0, .count = 1, .barrier = nullptr, .scratch = &scratch})
        .pooled;
  };
  const ConstMatrixView first = run();
  const std::vector<float> row(first.row(0), first.row(0) + first.cols);
  return StatusOf([&] {
    const ConstMatrixView pooled = run();
    return std::memcmp(pooled.row(0), row.data(), row.size() * sizeof(float)) == 0;
  });
}

TEST(SystemCalls, AreSeen) {
  if (CannotForbid()) GTEST_SKIP() << "no filters of system calls";
  EXPECT_TRUE(WIFSIGNALED(StatusOf([] { return ::syscall(SYS_getppid) > 0; })));
  EXPECT_TRUE(WIFSIGNALED(StatusOf([] { return ::write(-1, nullptr, 0) < 0; })));
  EXPECT_EQ(StatusOf([] { return false; }), W_EXITCODE(1, 0));
}

TEST(SystemCalls, AStepMakesNone) {
  if (CannotForbid()) GTEST_SKIP() << "no filters of system calls";
  for (const char* golden : {"f32", "classifier", "splade"}) {
    EXPECT_EQ(StatusOfAStep(MakeRefBackend(), WeightPrecision::kFloat32, golden), 0) << golden;
    for (const CpuIsa isa : SupportedCpuIsas()) {
      for (const WeightPrecision precision :
           {WeightPrecision::kFloat32, WeightPrecision::kBFloat16, WeightPrecision::kInt8}) {
        EXPECT_EQ(StatusOfAStep(MakeCpuBackend(isa), precision, golden), 0)
            << golden << " " << CpuIsaName(isa) << " " << WeightPrecisionName(precision);
      }
    }
  }
}

}  // namespace
}  // namespace embd
