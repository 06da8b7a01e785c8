#include "kernels/cpu/isa/avx512_registers.h"
#include "kernels/cpu/isa/find_kernels.h"
#include "kernels/cpu/vector/int8_kernels.h"

namespace embd::cpu {
namespace {

// The matrix unit takes 64 of k at a time.
struct AmxInt8 : Avx512 {
  static constexpr int kInt8KUnit = 64;
  static constexpr int kActivationBytes = 1;

  static void StoreActivations(std::byte* to, Reg x) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(x)));
  }
};

// What the unit is told at the start of a session.
struct Config {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr Config kConfig = {};

// All eight tiles are 16 rows of 64 bytes: 0 to 3 are sums, 4 and 5 rows of activations, 6 and 7
// columns of weights, in which a row is a word of four k of 16 columns. The instructions are
// written out, since g++ 12 may move stores to memory past its intrinsics.
class AmxTiles {
 public:
  static constexpr int kRows = 32;
  static constexpr int kRegs = 2;
  static constexpr int kRowsRead = 16;
  static constexpr bool kWidens = false;

  class Session {
   public:
    Session() { asm volatile("ldtilecfg %0" : : "m"(kConfig) : "memory"); }
    ~Session() { asm volatile("tilerelease" : : : "memory"); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
  };

  // Every tile is computed as one of 32 rows or 16, whatever is asked for.
  static void Run(std::int64_t rows, std::int64_t regs, const Int8TileTask& task) {
    if (rows > kRowsRead) {
      regs == 2 ? RunTiles<2, 2>(task) : RunTiles<2, 1>(task);
    } else {
      regs == 2 ? RunTiles<1, 2>(task) : RunTiles<1, 1>(task);
    }
  }

 private:
  static constexpr std::int64_t kWords = 16;  // of k, in a tile

#define EMBD_TILE_LOAD(tile, from, stride) \
  asm volatile("tileloadd (%0,%1,1), %%tmm" #tile : : "r"(from), "r"(stride) : "memory")
#define EMBD_TILE_STORE(tile, to, stride) \
  asm volatile("tilestored %%tmm" #tile ", (%0,%1,1)" : : "r"(to), "r"(stride) : "memory")
#define EMBD_TILE_ZERO(tile) asm volatile("tilezero %%tmm" #tile : : : "memory")
#define EMBD_TILE_DOT(sums, rows, columns) \
  asm volatile("tdpbusd %%tmm" #columns ", %%tmm" #rows ", %%tmm" #sums : : : "memory")

  template <int kRowTiles, int kColumnTiles>
  static void RunTiles(const Int8TileTask& task) {
    Start<kRowTiles, kColumnTiles>(task);
    const std::byte* a = task.a;
    const std::byte* b = task.b;
    const std::byte* prefetch = task.prefetch;
    const std::int64_t b_row = std::int64_t{kColumnTiles} * 64;
    for (std::int64_t word = 0; word < task.words; word += kWords) {
      EMBD_TILE_LOAD(4, a, task.a_row);
      EMBD_TILE_LOAD(6, b, b_row);
      EMBD_TILE_DOT(0, 4, 6);
      if constexpr (kRowTiles == 2) {
        EMBD_TILE_LOAD(5, a + 16 * task.a_row, task.a_row);
        EMBD_TILE_DOT(2, 5, 6);
      }
      if constexpr (kColumnTiles == 2) {
        EMBD_TILE_LOAD(7, b + 64, b_row);
        EMBD_TILE_DOT(1, 4, 7);
        if constexpr (kRowTiles == 2) EMBD_TILE_DOT(3, 5, 7);
      }
      for (int line = 0; line < kWords; ++line) {
        __builtin_prefetch(prefetch + line * kLineBytes, 0, 2);
      }
      prefetch += kWords * kLineBytes;
      a += kWords * 4;
      b += kWords * b_row;
    }
    Finish<kRowTiles, kColumnTiles>(task);
  }

  // Without an offset in the activations all sums start at zero.
  template <int kRowTiles, int kColumnTiles>
  static void Start(const Int8TileTask& task) {
    if (task.start != nullptr) {
      EMBD_TILE_ZERO(0);
      EMBD_TILE_ZERO(1);
      EMBD_TILE_ZERO(2);
      EMBD_TILE_ZERO(3);
      return;
    }
    const std::int64_t stride = task.c_row * 4;
    EMBD_TILE_LOAD(0, task.c, stride);
    if constexpr (kColumnTiles == 2) EMBD_TILE_LOAD(1, task.c + 16, stride);
    if constexpr (kRowTiles == 2) EMBD_TILE_LOAD(2, task.c + 16 * task.c_row, stride);
    if constexpr (kRowTiles * kColumnTiles == 4) {
      EMBD_TILE_LOAD(3, task.c + 16 * task.c_row + 16, stride);
    }
  }

  template <int kRowTiles, int kColumnTiles>
  static void Finish(const Int8TileTask& task) {
    const std::int64_t stride = task.c_row * 4;
    EMBD_TILE_STORE(0, task.c, stride);
    if constexpr (kColumnTiles == 2) EMBD_TILE_STORE(1, task.c + 16, stride);
    if constexpr (kRowTiles == 2) EMBD_TILE_STORE(2, task.c + 16 * task.c_row, stride);
    if constexpr (kRowTiles * kColumnTiles == 4) {
      EMBD_TILE_STORE(3, task.c + 16 * task.c_row + 16, stride);
    }
  }

#undef EMBD_TILE_LOAD
#undef EMBD_TILE_STORE
#undef EMBD_TILE_ZERO
#undef EMBD_TILE_DOT
};

constexpr Int8Kernels kKernels = MakeInt8Kernels<AmxInt8, AmxTiles>();

}  // namespace

const Int8Kernels& AmxInt8Kernels() { return kKernels; }

}  // namespace embd::cpu
