#include "tensor/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include "base/load_error.h"

namespace embd {
namespace {

using ::testing::HasSubstr;

std::string LengthPrefix(std::uint64_t length) {
  std::string prefix(8, '\0');
  for (int i = 0; i < 8; ++i) prefix[i] = static_cast<char>(length >> (8 * i) & 255U);
  return prefix;
}

// A file with this header and `data_bytes` bytes of data: 0, 1, 2, ...
std::string File(const std::string& header, std::size_t data_bytes) {
  std::string file = LengthPrefix(header.size()) + header;
  for (std::size_t i = 0; i < data_bytes; ++i) file += static_cast<char>(i);
  return file;
}

std::string Tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":" + offsets + "}";
}

std::string MessageOf(const std::string& file) {
  try {
    ParseSafetensorsHeader(file, "model.safetensors");
  } catch (const LoadError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(SafetensorsHeaderTest, ReadsEntriesInFileOrder) {
  const std::string header =
      "{\"__metadata__\":{\"format\":\"pt\"}," + Tensor("b", "F16", "[2,3]", "[4,16]") + "," +
      Tensor("none", "F32", "[0,7]", "[4,4]") + "," + Tensor("a", "F32", "[]", "[0,4]") + "}   ";
  const auto entries = ParseSafetensorsHeader(File(header, 16), "x");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_EQ(entries[0].shape, Shape{});
  EXPECT_EQ(entries[0].begin, 8 + header.size());
  EXPECT_EQ(entries[1].name, "none");
  EXPECT_EQ(entries[2].name, "b");
  EXPECT_EQ(entries[2].dtype, DType::kF16);
  EXPECT_EQ(entries[2].shape, (Shape{2, 3}));
  EXPECT_EQ(entries[2].end, 8 + header.size() + 16);
}

TEST(SafetensorsHeaderTest, AFileWithoutTensorsIsOne) {
  EXPECT_TRUE(ParseSafetensorsHeader(File("{}", 0), "x").empty());
}

struct Hostile {
  const char* name;
  std::string file;
  const char* message;  // a part of what is said
};

void PrintTo(const Hostile& row, std::ostream* out) { *out << row.name; }

class HostileHeader : public ::testing::TestWithParam<Hostile> {};

TEST_P(HostileHeader, IsRefusedWithItsReason) {
  const std::string message = MessageOf(GetParam().file);
  EXPECT_THAT(message, HasSubstr("model.safetensors"));
  EXPECT_THAT(message, HasSubstr(GetParam().message));
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

std::string One(const std::string& dtype, const std::string& shape, const std::string& offsets,
                std::size_t data_bytes) {
  return File("{" + Tensor("w", dtype, shape, offsets) + "}", data_bytes);
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileHeader,
    ::testing::Values(
        Hostile{"Empty", "", "found 0 bytes"},
        Hostile{"ShorterThanItsLength", "1234567", "found 7 bytes"},
        Hostile{"HeaderPastTheEnd", LengthPrefix(100) + "{}", "a header of 100 bytes"},
        Hostile{"HeaderOneByteLong", LengthPrefix(3) + "{}", "a file of 10 bytes"},
        Hostile{"HeaderOverTheLimit", LengthPrefix(100'000'001) + "{}", "at most 100000000"},
        Hostile{"LengthThatOverflows", LengthPrefix(UINT64_MAX - 4) + "{}", "at most 100000000"},
        Hostile{"NoHeader", LengthPrefix(0), "valid JSON"},
        Hostile{"NotJson", File("{\"w\":", 0), "valid JSON"},
        Hostile{"NotUtf8", File("{\"\xff\":{}}", 0), "valid JSON"},
        Hostile{"DeeplyNested", File(std::string(100'000, '['), 0), "valid JSON"},
        Hostile{"NotAnObject", File("[]", 0), "an object"},
        Hostile{"TensorNotAnObject", File("{\"w\":1}", 0), "w: expected an object"},
        Hostile{"MetadataNotAnObject", File("{\"__metadata__\":1}", 0), "an object"},
        Hostile{"NoDType", File("{\"w\":{\"shape\":[],\"data_offsets\":[0,4]}}", 4), "dtype"},
        Hostile{"NoShape", File("{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4), "shape"},
        Hostile{"NoOffsets", File("{\"w\":{\"dtype\":\"F32\",\"shape\":[]}}", 4), "data_offsets"},
        Hostile{"DuplicateName",
                File("{" + Tensor("w", "F32", "[1]", "[0,4]") + "," +
                         Tensor("w", "F32", "[1]", "[4,8]") + "}",
                     8),
                "one tensor of that name"},
        Hostile{"UnknownDType", One("F33", "[1]", "[0,4]", 4), "w: dtype: expected"},
        Hostile{"DTypeNotAString", File("{\"w\":{\"dtype\":7}}", 0), "a string"},
        Hostile{"NegativeDimension", One("F32", "[-1]", "[0,4]", 4), "found -1"},
        Hostile{"FractionalDimension", One("F32", "[1.0]", "[0,4]", 4), "an integer"},
        Hostile{"DimensionBeyondInt64", One("F32", "[9223372036854775808]", "[0,4]", 4),
                "an integer"},
        Hostile{"ProductOverflows", One("F32", "[4294967296,4294967296]", "[0,0]", 0),
                "address space"},
        Hostile{"ProductOverflowsInBytes", One("F32", "[4611686018427387904]", "[0,0]", 0),
                "address space"},
        Hostile{"FiveDimensions", One("F32", "[1,1,1,1,1]", "[0,4]", 4), "at most 4 dimensions"},
        Hostile{"ShapeNotAnArray", One("F32", "4", "[0,4]", 4), "an array"},
        Hostile{"EndOutsideTheFile", One("F32", "[2]", "[0,8]", 4), "from 0 to 4"},
        Hostile{"BeginOutsideTheFile", One("F32", "[1]", "[8,12]", 4), "from 0 to 4"},
        Hostile{"OffsetsThatOverflow",
                One("F32", "[1]", "[18446744073709551612,18446744073709551615]", 4), "integer"},
        Hostile{"NegativeOffset", One("F32", "[1]", "[-4,0]", 4), "found -4"},
        Hostile{"EndBeforeBegin", One("F32", "[0]", "[4,0]", 4), "from 4 to 4"},
        Hostile{"OneOffset", One("F32", "[1]", "[4]", 4), "two offsets"},
        Hostile{"ThreeOffsets", One("F32", "[1]", "[0,4,4]", 4), "two offsets"},
        Hostile{"Overlap",
                File("{" + Tensor("v", "F32", "[2]", "[0,8]") + "," +
                         Tensor("w", "F32", "[2]", "[4,12]") + "}",
                     12),
                "tensors overlap"},
        Hostile{"SameBytesTwice",
                File("{" + Tensor("v", "F32", "[1]", "[0,4]") + "," +
                         Tensor("w", "F32", "[1]", "[0,4]") + "}",
                     4),
                "tensors overlap"},
        Hostile{"GapBetween",
                File("{" + Tensor("v", "F32", "[1]", "[0,4]") + "," +
                         Tensor("w", "F32", "[1]", "[8,12]") + "}",
                     12),
                "w: expected data from byte 4 on, found byte 8 (there is a gap"},
        Hostile{"GapBefore", One("F32", "[1]", "[4,8]", 8), "there is a gap"},
        Hostile{"DataAfterTheLast", One("F32", "[1]", "[0,4]", 5), "goes on"},
        Hostile{"FewerBytesThanTheShape", One("F32", "[3]", "[0,8]", 8), "12 bytes for [3] of F32"},
        Hostile{"MoreBytesThanTheShape", One("F16", "[1]", "[0,4]", 4), "2 bytes for [1] of F16"},
        Hostile{"NameWithALineBreak", File("{" + Tensor("a\\nb", "F32", "[3]", "[0,8]") + "}", 8),
                "a?b"}),
    [](const ::testing::TestParamInfo<Hostile>& row) { return std::string(row.param.name); });

// Every proper prefix of a good file is refused, wherever a download stopped.
TEST(SafetensorsHeaderTest, NoPrefixOfAFileIsAFile) {
  const std::string whole = One("F32", "[2,2]", "[0,16]", 16);
  EXPECT_EQ(MessageOf(whole), "accepted");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(MessageOf(whole.substr(0, length)), "accepted") << length;
  }
}

class CheckpointTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("embd_safetensors_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_ / "snapshot");
    std::filesystem::create_directories(folder_ / "blobs");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path Write(const std::string& name, const std::string& content) {
    std::filesystem::path path = folder_ / "snapshot" / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  // What Open says about an index with this weight_map, with a good one.safetensors beside it.
  std::string IndexMessage(const std::string& weight_map) {
    Write("one.safetensors", One("F32", "[1]", "[0,4]", 4));
    const auto index = Write("model.safetensors.index.json", "{\"weight_map\":" + weight_map + "}");
    try {
      Checkpoint::Open(index);
    } catch (const LoadError& error) {
      return error.what();
    }
    return "accepted";
  }

  std::filesystem::path folder_;
};

float FirstFloat(const TensorView& view) {
  float value = 0;
  std::memcpy(&value, view.data, sizeof(value));
  return value;
}

std::string FloatFile(const std::string& name, float value) {
  std::string file = File("{" + Tensor(name, "F32", "[1]", "[0,4]") + "}", 4);
  std::memcpy(file.data() + file.size() - 4, &value, 4);
  return file;
}

TEST_F(CheckpointTest, OpensOneFileBehindALink) {
  std::ofstream(folder_ / "blobs" / "abc", std::ios::binary) << FloatFile("w", 1.5F);
  const auto link = folder_ / "snapshot" / "model.safetensors";
  std::filesystem::create_symlink("../blobs/abc", link);
  const Checkpoint checkpoint = Checkpoint::Open(link);
  ASSERT_NE(checkpoint.Find("w"), nullptr);
  EXPECT_EQ(FirstFloat(*checkpoint.Find("w")), 1.5F);
  EXPECT_EQ(checkpoint.Find("v"), nullptr);
  EXPECT_EQ(checkpoint.origin(), link.string());
  EXPECT_EQ(checkpoint.file_bytes(), FloatFile("w", 1.5F).size());
}

TEST_F(CheckpointTest, OpensShardsBesideALinkedIndex) {
  // Laid out as the hub's cache is: everything in the snapshot is a link into blobs.
  std::ofstream(folder_ / "blobs" / "i", std::ios::binary)
      << R"({"metadata":{"total_size":8},"weight_map":{"v":"1.safetensors","w":"2.safetensors"}})";
  std::ofstream(folder_ / "blobs" / "1", std::ios::binary) << FloatFile("v", 1.0F);
  std::ofstream(folder_ / "blobs" / "2", std::ios::binary) << FloatFile("w", 2.0F);
  const auto snapshot = folder_ / "snapshot";
  const auto index = snapshot / "model.safetensors.index.json";
  std::filesystem::create_symlink("../blobs/i", index);
  std::filesystem::create_symlink("../blobs/1", snapshot / "1.safetensors");
  std::filesystem::create_symlink("../blobs/2", snapshot / "2.safetensors");
  Checkpoint opened = Checkpoint::Open(index);
  const Checkpoint checkpoint = std::move(opened);
  ASSERT_EQ(checkpoint.tensors().size(), 2U);
  EXPECT_EQ(FirstFloat(*checkpoint.Find("v")), 1.0F);
  EXPECT_EQ(FirstFloat(*checkpoint.Find("w")), 2.0F);
}

TEST_F(CheckpointTest, PrefaultAndReleaseKeepTheData) {
  Write("1.safetensors", FloatFile("v", 1.0F));
  Write("2.safetensors", FloatFile("w", 2.0F));
  const Checkpoint checkpoint = Checkpoint::Open(
      Write("index.json", R"({"weight_map":{"v":"1.safetensors","w":"2.safetensors"}})"));
  for (const auto& [name, tensor] : checkpoint.tensors()) {
    checkpoint.Prefault(tensor);
    checkpoint.Release(tensor);
  }
  EXPECT_EQ(FirstFloat(*checkpoint.Find("v")), 1.0F);
  EXPECT_EQ(FirstFloat(*checkpoint.Find("w")), 2.0F);
}

TEST_F(CheckpointTest, TheIndexDecidesWhatIsTaken) {
  Write("1.safetensors", FloatFile("w", 1.0F));
  Write("2.safetensors", File("{" + Tensor("w", "F32", "[1]", "[0,4]") + "," +
                                  Tensor("v", "F32", "[1]", "[4,8]") + "}",
                              8));
  const Checkpoint checkpoint = Checkpoint::Open(
      Write("index.json", R"({"weight_map":{"w":"1.safetensors","v":"2.safetensors"}})"));
  EXPECT_EQ(checkpoint.tensors().size(), 2U);
  EXPECT_EQ(FirstFloat(*checkpoint.Find("w")), 1.0F);
}

TEST_F(CheckpointTest, IndexThatNamesAnotherFolderIsRefused) {
  // The files are really there, so that only the rule can refuse them.
  const std::string good = One("F32", "[1]", "[0,4]", 4);
  std::ofstream(folder_ / "x.safetensors", std::ios::binary) << good;
  std::filesystem::create_directory_symlink(folder_, folder_ / "snapshot" / "link");
  const std::string outside = (folder_ / "x.safetensors").string();
  for (const std::string& shard :
       {std::string("../x.safetensors"), outside, std::string("link/x.safetensors"),
        std::string("./one.safetensors"), std::string(".."), std::string("."), std::string(),
        std::string("..\\\\x.safetensors"), std::string("one.safetensors\\u0000.txt")}) {
    EXPECT_THAT(IndexMessage("{\"w\":\"" + shard + "\"}"),
                HasSubstr("the name of a file beside the index"))
        << shard;
  }
  EXPECT_EQ(IndexMessage(R"({"w":"one.safetensors"})"), "accepted");
}

TEST_F(CheckpointTest, BadIndexIsRefusedWithItsReason) {
  EXPECT_THAT(IndexMessage(R"({"w":"one.safetensors","absent":"one.safetensors"})"),
              HasSubstr("tensor absent"));
  EXPECT_THAT(IndexMessage(R"({"w":"two.safetensors"})"), HasSubstr("two.safetensors"));
  EXPECT_THAT(IndexMessage(R"({"w":1})"), HasSubstr("weight_map: w: expected a string"));
  EXPECT_THAT(IndexMessage(R"(["one.safetensors"])"), HasSubstr("an object"));
  EXPECT_THAT(IndexMessage("null"), HasSubstr("weight_map"));
  EXPECT_THAT(IndexMessage("{}"), HasSubstr("at least one tensor"));
  EXPECT_THAT(IndexMessage(R"({"w":"one.safetensors","w":"one.safetensors"})"),
              HasSubstr("one shard for this tensor"));
}

}  // namespace
}  // namespace embd
