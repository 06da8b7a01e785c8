#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <utility>

#include "base/load_error.h"

namespace embd {
namespace {

class MappedFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("embd_mapped_file_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path Write(const std::string& name, const std::string& content) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::filesystem::path folder_;
};

TEST_F(MappedFileTest, ShowsTheWholeFile) {
  const std::string content = std::string("a\0b", 3) + std::string(10'000, 'z');
  const MappedFile file(Write("file", content));
  EXPECT_EQ(file.text(), content);
  EXPECT_EQ(file.bytes().size(), content.size());
  EXPECT_EQ(file.path(), folder_ / "file");
}

TEST_F(MappedFileTest, EmptyFileIsAnEmptySpan) {
  const MappedFile file(Write("empty", ""));
  EXPECT_EQ(file.bytes().size(), 0U);
  file.Prefault(0, 0);
  file.Release(0, 0);
}

TEST_F(MappedFileTest, NamesWhatItCannotMap) {
  const auto message = [](const std::filesystem::path& path) -> std::string {
    try {
      const MappedFile file(path);
    } catch (const LoadError& error) {
      return error.what();
    }
    return "no error";
  };
  const std::string absent = (folder_ / "absent").string();
  EXPECT_EQ(message(absent),
            absent + ": expected a readable file, found No such file or directory");
  EXPECT_EQ(message(folder_), folder_.string() + ": expected a regular file, found something else");
}

TEST_F(MappedFileTest, MovesAndKeepsItsBytes) {
  MappedFile first(Write("one", "one"));
  MappedFile second(Write("two", "twotwo"));
  MappedFile moved(std::move(first));
  EXPECT_EQ(moved.text(), "one");
  moved = std::move(second);
  EXPECT_EQ(moved.text(), "twotwo");
}

// Prefault and Release change residency, never content, for any range of the file.
TEST_F(MappedFileTest, PrefaultAndReleaseKeepContent) {
  std::string content;
  for (int i = 0; content.size() < 50'000; ++i) content += std::to_string(i) + ",";
  const MappedFile file(Write("file", content));
  const std::size_t size = content.size();
  const std::pair<std::size_t, std::size_t> ranges[] = {
      {0, size}, {1, size - 1}, {4095, 2}, {4096, 4096}, {5000, 20'000}, {size - 1, 1}, {size, 0}};
  for (const auto& [offset, length] : ranges) {
    file.Prefault(offset, length);
    EXPECT_EQ(file.text(), content);
    file.Release(offset, length);
    EXPECT_EQ(file.text(), content) << offset << " " << length;
  }
}

}  // namespace
}  // namespace embd
