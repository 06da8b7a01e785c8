#include "server/http/openapi.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "server/http/json_body_reader.h"
#include "server/http/schema_writer.h"

namespace embd::http {
namespace {

TEST(SchemaWriter, WritesWhatIsReadWithItsDefaults) {
  struct Body {
    std::string text;
    bool on = true;
    std::optional<bool> maybe;
    std::optional<std::uint32_t> size;
    TruncationSide side = TruncationSide::kRight;
    std::string a;
    std::string b;
    bool c = false;
  };
  const auto read = [](BodyReader& reader, Body& body) {
    return reader.ReadStruct(
        "struct Sample",
        {{"text", [&] { return reader.ReadString(body.text); }, BodyReader::kRequired, "What."},
         {"on", [&] { return reader.ReadBool(body.on); }},
         {"maybe", [&] { return reader.ReadOptionalBool(body.maybe); }},
         {"size", [&] { return reader.ReadOptionalSize(body.size, /*least=*/2); }},
         {"side", [&] { return reader.ReadDirection(body.side); }},
         {"a", [&] { return reader.ReadString(body.a); }, BodyReader::kOneOf},
         {"b", [&] { return reader.ReadList([&] { return reader.ReadString(body.b); }); },
          BodyReader::kOneOf},
         {"c", [&] { return reader.ReadBool(body.c); }, BodyReader::kOptional, {}, "b"}});
  };
  Schemas schemas;
  SchemaWriter writer(schemas);
  Body body;
  EXPECT_TRUE(read(writer, body));
  EXPECT_EQ(writer.schema(), R"({"$ref":"#/components/schemas/Sample"})");
  const std::string common =
      R"("properties":{"text":{"description":"What.","type":"string"},)"
      R"("on":{"type":"boolean","default":true},)"
      R"("maybe":{"nullable":true,"type":"boolean"},)"
      R"("size":{"nullable":true,"type":"integer","minimum":2},)"
      R"("side":{"type":"string","enum":["Left","left","Right","right"],"default":"right"},)";
  EXPECT_EQ(schemas["Sample"],
            R"({"anyOf":[{"type":"object","required":["text","a"],)" + common +
                R"("a":{"type":"string"}}},{"type":"object","required":["text","b"],)" + common +
                R"("a":{"nullable":true,"enum":[null]},)"
                R"("b":{"type":"array","items":{"type":"string"}},)"
                R"("c":{"type":"boolean","default":false}}}]})");
}

// Clients may send what the document shows, and the reader takes it.
TEST(ApiDocument, HasExamplesThatAreRead) {
  int bodies = 0;
  for (const Route& route : Routes()) {
    const Operation& operation = route.operation;
    if (operation.body == nullptr) continue;
    ++bodies;
    JsonBodyReader reader(operation.example, /*most_inputs=*/8);
    EXPECT_TRUE(operation.body(reader)) << route.path << ": " << reader.rejection().text;
    JsonBodyReader empty("{}", /*most_inputs=*/8);
    EXPECT_FALSE(operation.body(empty)) << route.path;
  }
  EXPECT_GT(bodies, 10);
}

TEST(ApiDocument, HasEveryRouteAndEverySchemaItRefersTo) {
  for (const ModelTask task :
       {ModelTask::kEmbedding, ModelTask::kClassifier, ModelTask::kReranker}) {
    ServerInfo info;
    info.task = task;
    const std::string document = WriteApiDocument(Routes(), info);
    EXPECT_LT(document.size(), kApiDocumentBytes);
    for (const Route& route : Routes()) {
      if (route.operation.hidden || route.path.find('*') != std::string_view::npos) continue;
      EXPECT_NE(document.find("\"" + std::string(route.path) + "\":{"), std::string::npos)
          << route.path;
    }
    constexpr std::string_view kReference = R"("$ref":"#/components/schemas/)";
    std::size_t at = 0;
    while ((at = document.find(kReference, at)) != std::string::npos) {
      at += kReference.size();
      const std::string name = document.substr(at, document.find('"', at) - at);
      EXPECT_NE(document.find("\"" + name + "\":{"), std::string::npos) << name;
    }
  }
}

TEST(ApiDocument, TellsWhatTheDefaultRouteOfThisModelTakes) {
  const auto root = [](const ServerInfo& info) {
    const std::string document = WriteApiDocument(Routes(), info);
    const std::size_t at = document.find(R"("/invocations":{)");
    const std::string_view kReference = R"("schema":{"$ref":"#/components/schemas/)";
    const std::size_t begin = document.find(kReference, at) + kReference.size();
    return document.substr(begin, document.find('"', begin) - begin);
  };
  ServerInfo info;
  EXPECT_EQ(root(info), "EmbedRequest");
  info.pooling = Pooling::kSplade;
  EXPECT_EQ(root(info), "EmbedSparseRequest");
  info.default_similarity = true;  // goes before
  EXPECT_EQ(root(info), "SimilarityRequest");
  info.task = ModelTask::kClassifier;
  EXPECT_EQ(root(info), "PredictRequest");
  info.task = ModelTask::kReranker;
  EXPECT_EQ(root(info), "RerankRequest");
}

}  // namespace
}  // namespace embd::http
