#include "hub/find_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "base/load_error.h"

namespace embd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";
constexpr const char* kOther = "89abcdef0123456789abcdef0123456789abcdef";

class FindModelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "embd_hub_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    base_ = name;
    cache_ = base_ / "hub";
  }
  void TearDown() override {
    fs::permissions(base_, fs::perms::owner_all);
    fs::remove_all(base_);
  }

  static void Write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  void AddSnapshot(const std::string& folder, const std::string& commit) const {
    Write(cache_ / folder / "snapshots" / commit / "config.json", "{}");
  }
  void AddRef(const std::string& folder, const std::string& ref, const std::string& text) const {
    Write(cache_ / folder / "refs" / ref, text);
  }

  FoundModel Find(const std::string& id, const std::string& revision = "") const {
    return FindModel({.model_id = id, .revision = revision, .cache_dir = cache_});
  }
  std::string Refusal(const std::string& id, const std::string& revision = "") const {
    try {
      return "found " + Find(id, revision).directory.string();
    } catch (const LoadError& error) {
      return error.what();
    }
  }

  fs::path base_;
  fs::path cache_;
};

TEST_F(FindModelTest, AFolderIsUsedInPlace) {
  Write(base_ / "model" / "config.json", "{}");
  const FoundModel found = Find((base_ / "model").string(), "ignored");
  EXPECT_EQ(found.directory, base_ / "model");
  EXPECT_EQ(found.commit, "");
}

TEST_F(FindModelTest, AnIdIsFoundThroughItsRef) {
  AddSnapshot("models--org--tiny", kOther);
  AddSnapshot("models--org--tiny", kCommit);
  AddRef("models--org--tiny", "main", kCommit);
  const FoundModel found = Find("org/tiny");
  EXPECT_EQ(found.directory, cache_ / "models--org--tiny" / "snapshots" / kCommit);
  EXPECT_EQ(found.commit, kCommit);
}

TEST_F(FindModelTest, AnIdMayHaveNoOrganisation) {
  AddSnapshot("models--tiny", kCommit);
  AddRef("models--tiny", "main", std::string(kCommit) + "\n");
  EXPECT_EQ(Find("tiny").commit, kCommit);
}

TEST_F(FindModelTest, ARevisionMayHaveSlashes) {
  AddSnapshot("models--org--tiny", kCommit);
  AddRef("models--org--tiny", "refs/pr/3", kCommit);
  EXPECT_EQ(Find("org/tiny", "refs/pr/3").commit, kCommit);
}

TEST_F(FindModelTest, ACommitNeedsNoRef) {
  AddSnapshot("models--org--tiny", kCommit);
  EXPECT_EQ(Find("org/tiny", kCommit).commit, kCommit);
}

TEST_F(FindModelTest, ARefGoesBeforeASnapshotOfThatName) {
  AddSnapshot("models--org--tiny", "v1");
  AddSnapshot("models--org--tiny", kCommit);
  AddRef("models--org--tiny", "v1", kCommit);
  EXPECT_EQ(Find("org/tiny", "v1").commit, kCommit);
}

TEST_F(FindModelTest, AReadOnlyCacheWillDo) {
  AddSnapshot("models--org--tiny", kCommit);
  AddRef("models--org--tiny", "main", kCommit);
  fs::permissions(cache_, fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(Find("org/tiny").commit, kCommit);
  fs::permissions(cache_, fs::perms::owner_all);
}

TEST_F(FindModelTest, AModelThatIsNotThereComesWithAdvice) {
  const std::string message = Refusal("org/absent", "v2");
  EXPECT_THAT(message, HasSubstr("org/absent: expected a folder of that name, or the model in the "
                                 "cache " +
                                 cache_.string() + ", found neither"));
  EXPECT_THAT(message, HasSubstr("`hf download org/absent --revision v2`"));
  EXPECT_THAT(message, HasSubstr("--huggingface-hub-cache"));
}

TEST_F(FindModelTest, AMissingRevisionNamesThoseThatAreThere) {
  AddSnapshot("models--org--tiny", kCommit);
  AddRef("models--org--tiny", "main", kCommit);
  AddRef("models--org--tiny", "refs/pr/1", kCommit);
  EXPECT_THAT(Refusal("org/tiny", "v9"),
              HasSubstr("expected revision v9 in the cache, found main, refs/pr/1 ("));
}

TEST_F(FindModelTest, ARevisionThatIsAFolderOfRefsIsNone) {
  AddSnapshot("models--org--tiny", kCommit);
  AddRef("models--org--tiny", "refs/pr/1", kCommit);
  EXPECT_THAT(Refusal("org/tiny", "refs/pr"), HasSubstr("expected revision refs/pr in the cache"));
}

TEST_F(FindModelTest, ARefWithoutItsSnapshotIsNamed) {
  AddSnapshot("models--org--tiny", kOther);
  AddRef("models--org--tiny", "main", kCommit);
  EXPECT_THAT(Refusal("org/tiny"), HasSubstr(std::string("snapshots/") + kCommit));
}

TEST_F(FindModelTest, AFileIsNoModel) {
  Write(base_ / "file", "x");
  EXPECT_THAT(Refusal((base_ / "file").string()), HasSubstr("expected a model's folder"));
}

class FindModelBadRef : public FindModelTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(FindModelBadRef, LeadsNowhere) {
  AddSnapshot("models--org--tiny", kCommit);
  Write(base_ / "outside" / "config.json", "{}");
  AddRef("models--org--tiny", "main", GetParam());
  EXPECT_THAT(Refusal("org/tiny"), HasSubstr("refs/main: expected a commit id"));
}

INSTANTIATE_TEST_SUITE_P(All, FindModelBadRef,
                         ::testing::Values("", "..", "../../../outside", "/", "a/b", "x y",
                                           std::string("ab\0cd", 5), std::string(65, 'a')));

class FindModelBadId : public FindModelTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(FindModelBadId, IsRefusedWithoutALookAtTheCache) {
  // What a careless join of the cache and the id could reach.
  Write(cache_ / "models--" / "snapshots" / kCommit / "config.json", "{}");
  Write(base_ / "config.json", "{}");
  EXPECT_THAT(Refusal(GetParam()), HasSubstr("expected an existing folder, or a hub id"));
  EXPECT_FALSE(IsHubId(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, FindModelBadId,
                         ::testing::Values("", "org/", "/tiny-that-is-not-there", "a/b/c",
                                           "org//tiny", "../../nowhere", "org/..", "org/../../x",
                                           "..tiny", "a..b", "a--b", "-a", "a-", "a.", "org/ti ny",
                                           "org\\tiny", "org/tiny\n",
                                           std::string("org/tiny\0x", 10), std::string(97, 'a')));

class FindModelBadRevision : public FindModelTest,
                             public ::testing::WithParamInterface<std::string> {};

TEST_P(FindModelBadRevision, IsRefused) {
  AddSnapshot("models--org--tiny", kCommit);
  Write(cache_ / "models--org--tiny" / "outside", kCommit);
  EXPECT_THAT(Refusal("org/tiny", GetParam()), HasSubstr("--revision: expected a branch"));
}

INSTANTIATE_TEST_SUITE_P(All, FindModelBadRevision,
                         ::testing::Values("..", "../outside", "/etc/passwd", "a//b", "a/", "a/./b",
                                           "a/../../outside", std::string("main\0", 5), "a\nb",
                                           std::string(256, 'a')));

TEST(IsHubId, TakesWhatTheHubTakes) {
  for (const char* id : {"bert-base-uncased", "sentence-transformers/all-MiniLM-L6-v2",
                         "BAAI/bge-m3", "a", "a/b", "x_1/y.2"}) {
    EXPECT_TRUE(IsHubId(id)) << id;
  }
}

}  // namespace
}  // namespace embd
