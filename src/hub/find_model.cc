#include "hub/find_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/load_error.h"
#include "json/json_document.h"

namespace embd {
namespace {

constexpr std::size_t kMaxIdLength = 96;  // the hub's own limit
constexpr std::size_t kMaxRevisionLength = 255;
constexpr std::size_t kMaxCommitLength = 64;
constexpr std::size_t kMaxRefsShown = 8;

std::vector<std::string_view> SplitAtSlashes(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t slash = text.find('/');
    parts.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    text.remove_prefix(slash + 1);
  }
}

bool IsAsciiAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsIdPart(std::string_view part) {
  const auto edge = [](char c) { return IsAsciiAlnum(c) || c == '_'; };
  const auto inner = [&](char c) { return edge(c) || c == '.' || c == '-'; };
  return !part.empty() && edge(part.front()) && edge(part.back()) &&
         std::all_of(part.begin(), part.end(), inner) &&
         part.find("..") == std::string_view::npos && part.find("--") == std::string_view::npos;
}

// A relative path that stays below the folder it is appended to.
bool IsRevision(std::string_view revision) {
  const auto control = [](unsigned char c) { return c < ' ' || c == 127; };
  if (revision.size() > kMaxRevisionLength ||
      std::any_of(revision.begin(), revision.end(), control)) {
    return false;
  }
  const std::vector<std::string_view> parts = SplitAtSlashes(revision);
  return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
}

bool IsCommit(std::string_view text) {
  return !text.empty() && text.size() <= kMaxCommitLength &&
         std::all_of(text.begin(), text.end(), IsAsciiAlnum);
}

bool IsDirectory(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

// models--organisation--name
std::string CacheFolderName(std::string id) {
  const std::size_t slash = id.find('/');
  if (slash != std::string::npos) id.replace(slash, 1, "--");
  return "models--" + id;
}

std::string WhatToDo(const ModelRequest& request, const std::string& revision) {
  const std::string option = revision == "main" ? "" : " --revision " + revision;
  return fmt::format(
      "download it there with `hf download {}{}` (`huggingface-cli download` in older versions), "
      "name another cache with --huggingface-hub-cache, or copy the model's folder to this machine "
      "and pass its path as --model-id",
      request.model_id, option);
}

// The content of refs/<revision>; nothing when there is no such ref.
std::optional<std::string> ReadRef(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  std::string commit(kMaxCommitLength + 2, '\0');  // room for an end of line
  file.read(commit.data(), static_cast<std::streamsize>(commit.size()));
  commit.resize(static_cast<std::size_t>(file.gcount()));
  while (!commit.empty() && (commit.back() == '\n' || commit.back() == '\r')) commit.pop_back();
  if (IsCommit(commit)) return commit;
  throw LoadError({.path = path.string(),
                   .expected = "a commit id",
                   .found = Quoted(commit),
                   .hint = "the cache is damaged; remove this file and download again"});
}

// The refs that a model's folder has, for the message of one that is missing.
std::string KnownRefs(const std::filesystem::path& refs) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(refs, error), end; !error && it != end;
       it.increment(error)) {
    if (it->is_regular_file(error)) names.push_back(it->path().lexically_relative(refs).string());
    if (names.size() > kMaxRefsShown) break;
  }
  if (names.empty()) return "none";
  std::sort(names.begin(), names.end());
  if (names.size() > kMaxRefsShown) names.back() = "...";
  return fmt::format("{}", fmt::join(names, ", "));
}

FoundModel FindInCache(const ModelRequest& request) {
  const std::string revision = request.revision.empty() ? "main" : request.revision;
  if (!IsRevision(revision)) {
    throw LoadError({.path = "--revision",
                     .expected = "a branch, a tag or a commit",
                     .found = Quoted(revision),
                     .hint = {}});
  }
  const std::filesystem::path home = request.cache_dir / CacheFolderName(request.model_id);
  if (!IsDirectory(home)) {
    throw LoadError({.path = request.model_id,
                     .expected = "a folder of that name, or the model in the cache " +
                                 request.cache_dir.string(),
                     .found = "neither",
                     .hint = WhatToDo(request, revision)});
  }
  const std::optional<std::string> ref = ReadRef(home / "refs" / revision);
  // A commit needs no ref: it names its snapshot.
  if (!ref && !(IsCommit(revision) && IsDirectory(home / "snapshots" / revision))) {
    throw LoadError({.path = home.string(),
                     .expected = fmt::format("revision {} in the cache", revision),
                     .found = KnownRefs(home / "refs"),
                     .hint = WhatToDo(request, revision)});
  }
  const std::string commit = ref.value_or(revision);
  const std::filesystem::path snapshot = home / "snapshots" / commit;
  if (!IsDirectory(snapshot)) {
    throw LoadError({.path = snapshot.string(),
                     .expected = fmt::format("the files of revision {}", revision),
                     .found = "no such folder",
                     .hint = WhatToDo(request, revision)});
  }
  return {.directory = snapshot, .commit = commit};
}

}  // namespace

bool IsHubId(const std::string& text) {
  const std::vector<std::string_view> parts = SplitAtSlashes(text);
  return text.size() <= kMaxIdLength && parts.size() <= 2 &&
         std::all_of(parts.begin(), parts.end(), IsIdPart);
}

FoundModel FindModel(const ModelRequest& request) {
  const std::string& id = request.model_id;
  if (!id.empty() && id.find('\0') == std::string::npos) {
    if (IsDirectory(id)) return {.directory = id, .commit = {}};
    std::error_code ignored;
    if (std::filesystem::exists(id, ignored)) {
      throw LoadError({.path = id,
                       .expected = "a model's folder",
                       .found = "a file",
                       .hint = "pass the folder that holds config.json"});
    }
    if (IsHubId(id)) return FindInCache(request);
  }
  throw LoadError({.path = id.empty() ? "--model-id" : Quoted(id),
                   .expected = "an existing folder, or a hub id such as organisation/name",
                   .found = "neither",
                   .hint = {}});
}

}  // namespace embd
