#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/isa/neon_registers.h"
#include "kernels/cpu/vector/int8_kernels.h"

namespace embd::cpu {
namespace {

// The instruction takes 8 of k at a time: two words.
struct NeonI8mm : Neon {
  static constexpr int kInt8KUnit = 8;
};

// One instruction multiplies two rows by two columns. So the sums of a pair of rows and of four
// columns are two registers, (row 0, columns 0 and 1; row 1, the same) and likewise columns 2 and
// 3, and two words of four columns become two registers of two columns by a zip.
// 18 sums, 3 of rows and 6 of columns make 27 of 32: with 8 rows g++ 12 moves sums to the stack.
class I8mmTiles {
 public:
  static constexpr int kRows = 6;
  static constexpr int kRegs = 3;
  static constexpr int kRowsRead = 2;
  static constexpr bool kWidens = false;

  struct Session {};

  static void Run(std::int64_t rows, std::int64_t regs, const Int8TileTask& task) {
    kTable.run[(rows - 1) / 2][regs - 1](task);
  }

 private:
  struct Table {
    void (*run[kRows / 2][kRegs])(const Int8TileTask&) = {};
  };

  static int32x4_t Low(int32x4_t a, int32x4_t b) {
    return vcombine_s32(vget_low_s32(a), vget_low_s32(b));
  }
  static int32x4_t High(int32x4_t a, int32x4_t b) {
    return vcombine_s32(vget_high_s32(a), vget_high_s32(b));
  }
  static const std::int8_t* Bytes(const std::byte* from) {
    return reinterpret_cast<const std::int8_t*>(from);
  }

  template <int kPairs, int kColumnRegs>
  static void RunTile(const Int8TileTask& task) {
    int32x4_t acc[kPairs][kColumnRegs][2];
    Unroll<kPairs>([&]<int kPair>() __attribute__((always_inline)) {
      Unroll<kColumnRegs>([&]<int kReg>() __attribute__((always_inline)) {
        const std::int32_t* const rows = task.c + 2 * kPair * task.c_row;
        const int32x4_t first = vld1q_s32((task.start != nullptr ? task.start : rows) + kReg * 4);
        const int32x4_t second =
            task.start != nullptr ? first : vld1q_s32(rows + task.c_row + kReg * 4);
        acc[kPair][kReg][0] = Low(first, second);
        acc[kPair][kReg][1] = High(first, second);
      });
    });
    const std::int8_t* a = Bytes(task.a);
    const std::int8_t* b = Bytes(task.b);
    const std::byte* prefetch = task.prefetch;
    for (std::int64_t word = 0; word < task.words; word += 2) {
      __builtin_prefetch(prefetch, 0, 2);
      __builtin_prefetch(prefetch + kLineBytes, 0, 2);
      prefetch += 2 * kLineBytes;
      int8x16_t rows[kPairs];
      Unroll<kPairs>([&]<int kPair>() __attribute__((always_inline)) {
        const std::int8_t* const row = a + 2 * kPair * task.a_row;
        rows[kPair] = vcombine_s8(vld1_s8(row), vld1_s8(row + task.a_row));
      });
      Unroll<kColumnRegs>([&]<int kReg>() __attribute__((always_inline)) {
        const int32x4_t even = vreinterpretq_s32_s8(vld1q_s8(b + kReg * 16));
        const int32x4_t odd = vreinterpretq_s32_s8(vld1q_s8(b + (kColumnRegs + kReg) * 16));
        const int8x16_t columns01 = vreinterpretq_s8_s32(vzip1q_s32(even, odd));
        const int8x16_t columns23 = vreinterpretq_s8_s32(vzip2q_s32(even, odd));
        Unroll<kPairs>([&]<int kPair>() __attribute__((always_inline)) {
          int32x4_t(&sums)[2] = acc[kPair][kReg];
          sums[0] = vmmlaq_s32(sums[0], rows[kPair], columns01);
          sums[1] = vmmlaq_s32(sums[1], rows[kPair], columns23);
        });
      });
      a += 8;
      b += 2 * kColumnRegs * 16;
    }
    Unroll<kPairs>([&]<int kPair>() __attribute__((always_inline)) {
      Unroll<kColumnRegs>([&]<int kReg>() __attribute__((always_inline)) {
        std::int32_t* const rows = task.c + 2 * kPair * task.c_row + kReg * 4;
        vst1q_s32(rows, Low(acc[kPair][kReg][0], acc[kPair][kReg][1]));
        vst1q_s32(rows + task.c_row, High(acc[kPair][kReg][0], acc[kPair][kReg][1]));
      });
    });
  }

  static constexpr Table MakeTable() {
    Table table;
    Unroll<kRows / 2>([&]<int kPair>() {
      Unroll<kRegs>([&]<int kReg>() { table.run[kPair][kReg] = &RunTile<kPair + 1, kReg + 1>; });
    });
    return table;
  }

  static const Table kTable;
};

constexpr I8mmTiles::Table I8mmTiles::kTable = I8mmTiles::MakeTable();

constexpr Int8Kernels kKernels = MakeInt8Kernels<NeonI8mm, I8mmTiles>();

}  // namespace

const Int8Kernels& NeonI8mmKernels() { return kKernels; }

}  // namespace embd::cpu
