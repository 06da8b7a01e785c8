#pragma once

#include <cstdint>
#include <optional>

#include "api/classify.h"
#include "server/http/json_read.h"

namespace embd::http {

// The body of every rerank route: TEI's with `texts`, Jina's and Cohere's with `documents`.
struct RerankBody {
  InputList texts;
  InputList documents;
  RerankRequest rerank;
  bool return_text = false;  // in TEI's answer
  std::optional<bool> return_documents;
  std::optional<std::uint32_t> top_n;

  bool is_tei() const { return texts.is_batch; }
};

// Goes through its members.
bool ReadRerank(BodyReader& reader, RerankBody& body);

}  // namespace embd::http
