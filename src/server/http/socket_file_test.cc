#include "server/http/socket_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "base/load_error.h"

namespace embd::http {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kMode = 0660;
constexpr int kBacklog = 8;

class SocketFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "embd-socket-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name = "socket") const { return folder_ / name; }

  // What the system says to a client.
  static int Connect(const std::string& path) {
    const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
    const int failed =
        ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    const int why = failed == 0 ? 0 : errno;
    ::close(client);
    return why;
  }

  // The message of the error that it ends with.
  static std::string Refused(const std::string& path) {
    try {
      const SocketFile file(path, kMode, kBacklog);
      ::close(file.descriptor());
    } catch (const LoadError& error) {
      return error.what();
    }
    return {};
  }

  std::size_t FilesInFolder() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

TEST_F(SocketFileTest, AnswersUnderItsPathAndGoes) {
  {
    const SocketFile file(Path(), kMode, kBacklog);
    struct stat found {};
    ASSERT_EQ(::lstat(Path().c_str(), &found), 0);
    EXPECT_TRUE(S_ISSOCK(found.st_mode));
    EXPECT_EQ(found.st_mode & 0777U, kMode);
    EXPECT_EQ(Connect(Path()), 0);
    EXPECT_EQ(FilesInFolder(), 1U) << "the name that it was bound under is left";
    ::close(file.descriptor());
  }
  EXPECT_EQ(FilesInFolder(), 0U);
}

TEST_F(SocketFileTest, HasItsModeWhateverTheUmask) {
  const mode_t before = ::umask(0077);
  const SocketFile file(Path(), 0666, kBacklog);
  ::umask(before);
  struct stat found {};
  ASSERT_EQ(::lstat(Path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0666U);
  ::close(file.descriptor());
}

TEST_F(SocketFileTest, TakesThePlaceOfADeadServer) {
  {
    std::optional<SocketFile> dead(std::in_place, Path(), kMode, kBacklog);
    ::close(dead->descriptor());
    fs::rename(Path(), Path("kept"));
    dead.reset();
    fs::rename(Path("kept"), Path());
  }
  EXPECT_EQ(Connect(Path()), ECONNREFUSED);
  const SocketFile file(Path(), kMode, kBacklog);
  EXPECT_EQ(Connect(Path()), 0);
  ::close(file.descriptor());
}

TEST_F(SocketFileTest, LeavesAServerThatAnswers) {
  const SocketFile first(Path(), kMode, kBacklog);
  EXPECT_NE(Refused(Path()).find("a server that answers there"), std::string::npos);
  EXPECT_EQ(Connect(Path()), 0);
  EXPECT_EQ(FilesInFolder(), 1U);
  ::close(first.descriptor());
}

// Answering is also what a server does that has as many clients waiting as it may.
TEST_F(SocketFileTest, LeavesAServerThatIsBusy) {
  const SocketFile first(Path(), kMode, /*backlog=*/0);
  const int waiting = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  Path().copy(static_cast<char*>(address.sun_path), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::connect(waiting, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_NE(Refused(Path()).find("a server that answers there"), std::string::npos);
  ::close(waiting);
  ::close(first.descriptor());
}

TEST_F(SocketFileTest, LeavesOtherFiles) {
  std::ofstream(Path()) << "precious";
  EXPECT_NE(Refused(Path()).find("a file that is no socket"), std::string::npos);
  std::string text;
  std::ifstream(Path()) >> text;
  EXPECT_EQ(text, "precious");
}

TEST_F(SocketFileTest, LeavesALinkAndWhatItLeadsTo) {
  fs::create_symlink(Path("elsewhere"), Path());
  EXPECT_NE(Refused(Path()).find("a file that is no socket"), std::string::npos);
  EXPECT_TRUE(fs::is_symlink(Path()));
  EXPECT_FALSE(fs::exists(Path("elsewhere")));
}

TEST_F(SocketFileTest, RefusesPathsThatCannotBe) {
  EXPECT_FALSE(Refused("").empty());
  EXPECT_NE(Refused(Path(std::string(200, 'a'))).find("bytes"), std::string::npos);
  EXPECT_FALSE(Refused(Path("nowhere/socket")).empty());
  EXPECT_EQ(FilesInFolder(), 0U);
}

TEST_F(SocketFileTest, DoesNotRemoveWhatTookItsPlace) {
  {
    const SocketFile file(Path(), kMode, kBacklog);
    ::close(file.descriptor());
    std::ofstream(Path("other")) << "of another";
    fs::rename(Path("other"), Path());
  }
  EXPECT_TRUE(fs::exists(Path()));
}

}  // namespace
}  // namespace embd::http
