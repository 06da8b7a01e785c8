#pragma once

#include "server/http/operation.h"

namespace embd::http {

// What the routes lead to; which path leads to which stands in routes.cc.
extern const Operation kEmbed;
extern const Operation kEmbedAll;
extern const Operation kEmbedSparse;
extern const Operation kOpenAiEmbed;
extern const Operation kOllamaEmbed;
extern const Operation kSimilarity;
extern const Operation kPredict;
extern const Operation kRerank;
extern const Operation kRerankV1;
extern const Operation kRerankV2;
extern const Operation kTokenize;
extern const Operation kDecode;
extern const Operation kVertex;
extern const Operation kByModel;  // what the model is for
extern const Operation kModels;
extern const Operation kHealth;
extern const Operation kInfo;
extern const Operation kMetrics;
extern const Operation kApiDocument;
extern const Operation kDocsRedirect;
extern const Operation kDocs;
extern const Operation kDocsFile;

// What is done with texts on a server for this model.
const Operation& TextOperation(const ServerInfo& info);

}  // namespace embd::http
