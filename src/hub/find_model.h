#pragma once

#include <filesystem>
#include <string>

namespace embd {

// What the operator asked for.
struct ModelRequest {
  std::string model_id;             // a folder, or a hub id: "name" or "organisation/name"
  std::string revision;             // a branch, a tag, "refs/pr/3" or a commit; empty: "main"
  std::filesystem::path cache_dir;  // the Hugging Face cache: the folder of models--*/
};

struct FoundModel {
  std::filesystem::path directory;
  std::string commit;  // which snapshot of the cache it is; empty for a folder used in place
};

// Where the model's files lie on this machine: an existing folder as it is, else the snapshot of
// the hub id in the cache (layout: refs/<revision> names the commit, snapshots/<commit>/ holds the
// files). Reads only, so a cache on a read-only volume will do, and never touches the network.
// Nothing that the id, the revision or a ref says leads out of the cache. Throws LoadError, with
// what to do about it, when there is no such model.
FoundModel FindModel(const ModelRequest& request);

// Whether `text` is shaped like a hub id. It then is a safe relative path of one or two parts.
bool IsHubId(const std::string& text);

}  // namespace embd
