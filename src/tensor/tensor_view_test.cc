#include "tensor/tensor_view.h"

#include <gtest/gtest.h>

#include <array>

namespace embd {
namespace {

TEST(ShapeTest, PrintsItsDimensions) {
  EXPECT_EQ(Shape{}.ToString(), "[]");
  EXPECT_EQ(Shape{384}.ToString(), "[384]");
  EXPECT_EQ((Shape{30522, 384}.ToString()), "[30522, 384]");
}

TEST(ShapeTest, CountsElements) {
  EXPECT_EQ(Shape{}.elements(), 1);
  EXPECT_EQ((Shape{3, 0, 5}.elements()), 0);
  EXPECT_EQ((Shape{2, 3, 4, 5}.elements()), 120);
}

TEST(ShapeTest, ComparesRankAndDimensions) {
  EXPECT_EQ((Shape{2, 3}), (Shape{2, 3}));
  EXPECT_NE((Shape{2, 3}), (Shape{3, 2}));
  EXPECT_NE((Shape{2, 3}), (Shape{2, 3, 1}));
  EXPECT_NE(Shape{}, Shape{0});
}

TEST(TensorViewTest, BytesFollowShapeAndType) {
  EXPECT_EQ((TensorView{.data = nullptr, .dtype = DType::kF16, .shape = {3, 5}}.bytes()), 30U);
  EXPECT_EQ((TensorView{.data = nullptr, .dtype = DType::kF64, .shape = {}}.bytes()), 8U);
}

TEST(MatrixViewTest, RowsAreAStrideApart) {
  std::array<float, 24> block = {};
  const MatrixView matrix{.data = block.data(), .rows = 3, .cols = 5, .stride = 8};
  EXPECT_EQ(matrix.row(2), block.data() + 16);
  const ConstMatrixView looking = matrix;
  EXPECT_EQ(looking.row(1), block.data() + 8);
  EXPECT_EQ(looking.cols, 5);
}

}  // namespace
}  // namespace embd
