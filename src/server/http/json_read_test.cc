#include "server/http/json_read.h"

#include <gtest/gtest.h>

#include <ostream>

#include "server/http/handlers/embed.h"
#include "server/http/handlers/rerank.h"
#include "server/http/json_body_reader.h"

namespace embd::http {
namespace {

using Ids = std::vector<std::uint32_t>;

constexpr std::size_t kMostInputs = 4096;

struct EmbedRead {
  EmbedRequest request;
  std::size_t inputs = 0;  // also those that are not kept
};

EmbedRead Accepted(std::string_view body) {
  JsonBodyReader reader(body, kMostInputs);
  EmbedBody read;
  EXPECT_TRUE(ReadEmbed(reader, read)) << body << " -> " << reader.rejection().text;
  read.embed.inputs = std::move(read.inputs.inputs);
  read.embed.is_batch = read.inputs.is_batch;
  return {.request = std::move(read.embed), .inputs = read.inputs.count};
}

// What `read` says of a body that it does not take.
template <typename Body>
Rejection RefusedBy(bool (*read)(BodyReader&, Body&), std::string_view body) {
  JsonBodyReader reader(body, kMostInputs);
  Body ignored;
  EXPECT_FALSE(read(reader, ignored)) << body;
  return reader.rejection();
}

Rejection Refused(std::string_view body) { return RefusedBy(ReadEmbed, body); }

struct InputsCase {
  std::string_view json;
  bool is_batch;
  std::vector<Input> inputs;
};

TEST(ReadEmbedRequest, TellsTheShapesOfInputsApart) {
  const InputsCase cases[] = {
      {R"("x")", false, {"x"}},
      {R"("")", false, {""}},
      {R"([1,2,3])", false, {Ids{1, 2, 3}}},
      {R"([])", false, {Ids{}}},
      {R"([0,4294967295])", false, {Ids{0, 4294967295U}}},
      {R"(["x"])", true, {"x"}},
      {R"(["x","y"])", true, {"x", "y"}},
      {R"([[1,2],[3]])", true, {Ids{1, 2}, Ids{3}}},
      {R"(["x",[1,2]])", true, {"x", Ids{1, 2}}},
      {R"([[1,2],"x"])", true, {Ids{1, 2}, "x"}},
      {R"([[]])", true, {Ids{}}},
      {" [ \"x\" ,\n\t\"y\"\r ] ", true, {"x", "y"}},
  };
  for (const InputsCase& c : cases) {
    const EmbedRead body = Accepted("{\"inputs\":" + std::string(c.json) + "}");
    EXPECT_EQ(body.request.is_batch, c.is_batch) << c.json;
    EXPECT_EQ(body.request.inputs, c.inputs) << c.json;
    EXPECT_EQ(body.inputs, c.inputs.size()) << c.json;
  }
}

TEST(ReadEmbedRequest, RefusesOtherShapesOfInputs) {
  for (const std::string_view json : {"null",
                                      "true",
                                      "1",
                                      "-1",
                                      "1.0",
                                      "{}",
                                      "[-1]",
                                      "[1.0]",
                                      "[1.5]",
                                      "[-0]",
                                      "[1e2]",
                                      "[4294967296]",
                                      "[99999999999999999999]",
                                      "[\"x\",1]",
                                      "[1,\"x\"]",
                                      "[1,[2]]",
                                      "[[1],2]",
                                      "[null]",
                                      "[[null]]",
                                      "[[\"x\"]]",
                                      "[[[1]]]",
                                      "[{}]",
                                      "[true]",
                                      "[[1],[2,\"x\"]]"}) {
    const Rejection rejection = Refused("{\"inputs\":" + std::string(json) + "}");
    EXPECT_EQ(rejection.status, 422) << json;
    EXPECT_NE(
        rejection.text.find("Failed to deserialize the JSON body into the target type: inputs: "
                            "data did not match any variant of untagged enum Input at line 1"),
        std::string::npos)
        << rejection.text;
  }
}

TEST(ReadEmbedRequest, ReadsTheOptionalMembers) {
  const EmbedRead plain = Accepted(R"({"inputs":"x"})");
  EXPECT_EQ(plain.request.truncate, std::nullopt);
  EXPECT_EQ(plain.request.truncation_side, TruncationSide::kRight);
  EXPECT_EQ(plain.request.prompt_name, std::nullopt);
  EXPECT_TRUE(plain.request.normalize);
  EXPECT_EQ(plain.request.dimensions, std::nullopt);

  const EmbedRead full = Accepted(R"({"truncate":true,"truncation_direction":"Left",
      "prompt_name":"query","normalize":false,"dimensions":17,"inputs":"x"})");
  EXPECT_EQ(full.request.truncate, true);
  EXPECT_EQ(full.request.truncation_side, TruncationSide::kLeft);
  EXPECT_EQ(full.request.prompt_name, "query");
  EXPECT_FALSE(full.request.normalize);
  EXPECT_EQ(full.request.dimensions, 17U);

  const EmbedRead nulls =
      Accepted(R"({"inputs":"x","truncate":null,"prompt_name":null,"dimensions":null})");
  EXPECT_EQ(nulls.request.truncate, std::nullopt);
  EXPECT_EQ(nulls.request.prompt_name, std::nullopt);
  EXPECT_EQ(nulls.request.dimensions, std::nullopt);

  EXPECT_EQ(Accepted(R"({"inputs":"x","truncate":false})").request.truncate, false);
  EXPECT_EQ(Accepted(R"({"inputs":"x","prompt_name":""})").request.prompt_name, "");
  EXPECT_EQ(Accepted(R"({"inputs":"x","dimensions":0})").request.dimensions, 0U);
  EXPECT_EQ(Accepted(R"({"inputs":"x","dimensions":18446744073709551615})").request.dimensions,
            4294967295U);
  for (const std::string_view right : {"right", "Right"}) {
    const std::string body =
        R"({"inputs":"x","truncation_direction":")" + std::string(right) + "\"}";
    EXPECT_EQ(Accepted(body).request.truncation_side, TruncationSide::kRight);
  }
}

TEST(ReadEmbedRequest, DecodesStrings) {
  const auto text = [](std::string_view json) {
    return std::get<std::string>(
        Accepted("{\"inputs\":" + std::string(json) + "}").request.inputs.at(0));
  };
  EXPECT_EQ(text(R"("a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(text(R"("\u0041\u00e9\u4f60\uD83D\ude42")"), "Aé你🙂");
  EXPECT_EQ(text(R"("\u0000")"), std::string(1, '\0'));
  EXPECT_EQ(text("\"é你🙂\x7f\""), "é你🙂\x7f");
  EXPECT_EQ(text(R"("\uFFFF\ufeff")"), "\uFFFF\uFEFF");
}

TEST(ReadEmbedRequest, IgnoresUnknownMembersHoweverDeep) {
  const auto nested = [](std::size_t depth) {
    return R"({"unknown":)" + std::string(depth, '[') + std::string(depth, ']') +
           R"(,"inputs":"x"})";
  };
  EXPECT_EQ(Accepted(nested(200)).inputs, 1U);
  EXPECT_EQ(Accepted(nested(500'000)).inputs, 1U);
  EXPECT_EQ(Accepted(R"({"a":{"inputs":[1,{"b":[true,false,null,-1.5e-3,"\u0041"]}]},"inputs":"x",
      "":0,"Inputs":1})")
                .inputs,
            1U);
}

TEST(ReadEmbedRequest, DoesNotLookBehindTheDocument) {
  for (const std::string_view tail : {" ", "\n", " x", "}", "\"", "\xff", "{\"inputs\":1}"}) {
    EXPECT_EQ(Accepted("{\"inputs\":\"x\"}" + std::string(tail)).inputs, 1U) << tail;
  }
}

TEST(ReadEmbedRequest, CountsMoreInputsThanItKeeps) {
  std::string body = R"({"inputs":[""])";
  body.pop_back();
  for (std::size_t i = 1; i < kMostInputs + 10; ++i) body += i % 2 == 0 ? ",\"\"" : ",[1]";
  const EmbedRead read = Accepted(body + "]}");
  EXPECT_EQ(read.inputs, kMostInputs + 10);
  EXPECT_EQ(read.request.inputs.size(), kMostInputs);
}

struct Refusal {
  std::string_view body;
  int status;
  std::string_view tail;  // of the text: what is wrong and where
};

std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
  return out << ::testing::PrintToString(refusal.body);
}

class Refusals : public ::testing::TestWithParam<Refusal> {};

TEST_P(Refusals, SayWhatAndWhere) {
  const Rejection rejection = Refused(GetParam().body);
  EXPECT_EQ(rejection.status, GetParam().status);
  const std::string_view head = GetParam().status == 400
                                    ? "Failed to parse the request body as JSON: "
                                    : "Failed to deserialize the JSON body into the target type: ";
  EXPECT_EQ(rejection.text, std::string(head) + std::string(GetParam().tail));
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, Refusals,
    ::testing::Values(
        Refusal{"", 400, "EOF while parsing a value at line 1 column 0"},
        Refusal{" \n ", 400, "EOF while parsing a value at line 2 column 1"},
        Refusal{"x", 400, "expected value at line 1 column 1"},
        Refusal{"\xEF\xBB\xBF{}", 400, "expected value at line 1 column 1"},
        Refusal{"{", 400, "EOF while parsing an object at line 1 column 1"},
        Refusal{"{'inputs'", 400, "key must be a string at line 1 column 2"},
        Refusal{R"({"inputs")", 400, "EOF while parsing an object at line 1 column 9"},
        Refusal{R"({"inputs"})", 400, "expected `:` at line 1 column 10"},
        Refusal{R"({"inputs":})", 400, "inputs: expected value at line 1 column 11"},
        Refusal{R"({"inputs":"x)", 400, "inputs: EOF while parsing a string at line 1 column 12"},
        Refusal{R"({"inputs":"x")", 400, "EOF while parsing an object at line 1 column 13"},
        Refusal{R"({"inputs":"x",})", 400, "trailing comma at line 1 column 15"},
        Refusal{R"({"inputs":"x";})", 400, "expected `,` or `}` at line 1 column 14"},
        Refusal{R"({"inputs":["x",]})", 400, "inputs: trailing comma at line 1 column 16"},
        Refusal{R"({"inputs":["x" "y"]})", 400, "inputs: expected `,` or `]` at line 1 column 16"},
        Refusal{R"({"inputs":[1,2)", 400, "inputs: EOF while parsing a list at line 1 column 14"},
        Refusal{"{\n\"inputs\": tru}", 400, "inputs: expected ident at line 2 column 14"},
        Refusal{R"({"inputs":[01]})", 400, "inputs: invalid number at line 1 column 13"},
        Refusal{R"({"inputs":[1.]})", 400, "inputs: invalid number at line 1 column 14"},
        Refusal{R"({"inputs":[-]})", 400, "inputs: invalid number at line 1 column 13"},
        Refusal{R"({"inputs":[1e]})", 400, "inputs: invalid number at line 1 column 14"},
        Refusal{R"({"inputs":[+1]})", 400, "inputs: expected value at line 1 column 12"},
        Refusal{R"({"inputs":NaN})", 400, "inputs: expected value at line 1 column 11"},
        Refusal{R"({"inputs":[1e999]})", 400, "inputs: number out of range at line 1 column 16"},
        Refusal{
            "{\"inputs\":\"a\nb\"}", 400,
            "inputs: control character (\\u0000-\\u001F) found while parsing a string at line 2 "
            "column 0"},
        Refusal{R"({"inputs":"\x"})", 400, "inputs: invalid escape at line 1 column 13"},
        Refusal{R"({"inputs":"\u12g4"})", 400, "inputs: invalid escape at line 1 column 17"},
        Refusal{R"({"inputs":"\udc00"})", 400,
                "inputs: lone leading surrogate in hex escape at line 1 column 17"},
        Refusal{R"({"inputs":"\ud800"})", 400,
                "inputs: unexpected end of hex escape at line 1 column 18"},
        Refusal{R"({"inputs":"\ud800\u0041"})", 400,
                "inputs: lone leading surrogate in hex escape at line 1 column 23"},
        Refusal{"{\"inputs\":\"\xff\"}", 400,
                "inputs: invalid unicode code point at line 1 column 12"},
        Refusal{"{\"inputs\":\"\xed\xa0\x80\"}", 400,
                "inputs: invalid unicode code point at line 1 column 14"},
        Refusal{"{\"u\":\"\xc0\x80\",\"inputs\":\"x\"}", 400,
                "invalid unicode code point at line 1 column 8"},
        Refusal{R"({"u":[1,}],"inputs":"x"})", 400, "expected value at line 1 column 9"},
        Refusal{R"({"u":{"a" 1},"inputs":"x"})", 400, "expected `:` at line 1 column 11"},
        // Bad syntax goes before the wrong shape in front of it.
        Refusal{R"({"inputs":[1,"x",tru]})", 400, "inputs: expected ident at line 1 column 21"},
        Refusal{R"({"inputs":"x","truncation_direction":null})", 400,
                "truncation_direction: expected value at line 1 column 38"}));

INSTANTIATE_TEST_SUITE_P(
    Shape, Refusals,
    ::testing::Values(
        Refusal{"{}", 422, "missing field `inputs` at line 1 column 2"},
        Refusal{R"({"a":1})", 422, "missing field `inputs` at line 1 column 7"},
        Refusal{R"("x")", 422,
                "invalid type: string \"x\", expected struct EmbedRequest at line 1 column 3"},
        Refusal{"[]", 422,
                "invalid type: sequence, expected struct EmbedRequest at line 1 column 0"},
        Refusal{"null", 422, "invalid type: null, expected struct EmbedRequest at line 1 column 4"},
        Refusal{"1.5", 422,
                "invalid type: floating point `1.5`, expected struct EmbedRequest at line 1 column "
                "3"},
        Refusal{R"({"inputs":1})", 422,
                "inputs: data did not match any variant of untagged enum Input at line 1 column "
                "12"},
        Refusal{R"({"inputs":"x","inputs":"y"})", 422,
                "duplicate field `inputs` at line 1 column 23"},
        Refusal{R"({"normalize":true,"normalize":true,"inputs":"y"})", 422,
                "duplicate field `normalize` at line 1 column 30"},
        Refusal{R"({"inputs":"x","normalize":null})", 422,
                "normalize: invalid type: null, expected a boolean at line 1 column 30"},
        Refusal{R"({"inputs":"x","normalize":"true"})", 422,
                "normalize: invalid type: string \"true\", expected a boolean at line 1 column "
                "32"},
        Refusal{R"({"inputs":"x","truncate":1})", 422,
                "truncate: invalid type: integer `1`, expected a boolean at line 1 column 26"},
        Refusal{R"({"inputs":"x","truncate":{}})", 422,
                "truncate: invalid type: map, expected a boolean at line 1 column 25"},
        Refusal{R"({"inputs":"x","truncation_direction":"up"})", 422,
                "truncation_direction: unknown variant `up`, expected one of `Left`, `left`, "
                "`Right`, `right` at line 1 column 41"},
        Refusal{R"({"inputs":"x","prompt_name":false})", 422,
                "prompt_name: invalid type: boolean `false`, expected a string at line 1 column "
                "33"},
        Refusal{R"({"inputs":"x","dimensions":-5})", 422,
                "dimensions: invalid value: integer `-5`, expected usize at line 1 column 29"},
        Refusal{R"({"inputs":"x","dimensions":1.0})", 422,
                "dimensions: invalid type: floating point `1.0`, expected usize at line 1 column "
                "30"},
        Refusal{R"({"inputs":"x","dimensions":"1"})", 422,
                "dimensions: invalid type: string \"1\", expected usize at line 1 column 30"}));

TEST(ReadEmbedRequest, BoundsTheDepthOfInputs) {
  const auto nested = [](std::size_t depth) {
    return Refused("{\"inputs\":" + std::string(depth, '[') + std::string(depth, ']') + "}");
  };
  EXPECT_EQ(nested(126).status, 422);
  EXPECT_EQ(nested(127).status, 400);
  EXPECT_EQ(nested(1'000'000).status, 400);
}

TEST(ReadEmbedRequest, ShowsOnlyTheBeginningOfALongValue) {
  const std::string text(1'000'000, 'x');
  EXPECT_LT(Refused("{\"truncate\":\"" + text + "\"}").text.size(), 400U);
  EXPECT_LT(Refused("{\"truncation_direction\":\"" + text + "\"}").text.size(), 400U);
}

// No prefix of a good document is read as one, and none breaks the reader.
TEST(ReadEmbedRequest, RefusesEveryTruncatedDocument) {
  constexpr std::string_view kWhole =
      R"({"inputs":["a\n\ud83d\ude42",[1,20]],"truncate":true,"u":[{"a":-1.5e3}],"dimensions":3})";
  for (std::size_t length = 0; length < kWhole.size(); ++length) {
    EXPECT_EQ(Refused(kWhole.substr(0, length)).status, 400) << kWhole.substr(0, length);
  }
  EXPECT_EQ(Accepted(kWhole).inputs, 2U);
}

using Reader = bool (*)(BodyReader&, InputList&);

InputList Read(Reader read, std::string_view json) {
  JsonBodyReader reader(json, kMostInputs);
  InputList list;
  EXPECT_TRUE(read(reader, list)) << json << " -> " << reader.rejection().text;
  return list;
}

TEST(ReadPairInputs, TellsTextsPairsAndBatchesApart) {
  const InputsCase cases[] = {
      {R"("x")", false, {"x"}},
      {R"(["a"])", false, {"a"}},
      {R"([ "a" , "b" ])", false, {TextPair{"a", "b"}}},
      {R"([["a"]])", true, {"a"}},
      {R"([["a"], ["b","c"] ,["d"]])", true, {"a", TextPair{"b", "c"}, "d"}},
  };
  for (const InputsCase& c : cases) {
    const InputList list = Read(ReadPairInputs, c.json);
    EXPECT_EQ(list.is_batch, c.is_batch) << c.json;
    EXPECT_EQ(list.inputs, c.inputs) << c.json;
    EXPECT_EQ(list.count, c.inputs.size()) << c.json;
  }
}

TEST(ReadPairInputs, RefusesEveryOtherShapeAndSaysWhatItTakes) {
  constexpr std::string_view kExpected =
      "expected a string, a pair of strings [string, string] or a batch of mixed strings and pairs "
      "[[string], [string, string], ...]";
  const struct {
    std::string_view json;
    std::string detail;
    int status = 422;
  } cases[] = {
      {"[]", "invalid length 0, " + std::string(kExpected)},
      {R"(["a","b","c"])", "invalid length 3, " + std::string(kExpected)},
      {R"(["a","b","c","d"])", "invalid length 3, " + std::string(kExpected)},
      {"[[]]", "invalid length 0, " + std::string(kExpected)},
      {R"([["a"],[]])", "invalid length 0, " + std::string(kExpected)},
      {R"([["a","b","c"]])", "invalid length 3, " + std::string(kExpected)},
      {"1", "invalid type: integer `1`, " + std::string(kExpected)},
      {"null", "invalid type: null, " + std::string(kExpected)},
      {"{}", "invalid type: map, " + std::string(kExpected)},
      {"[1]", "data did not match any variant of untagged enum Internal"},
      {"[{}]", "data did not match any variant of untagged enum Internal"},
      {R"(["a",["b"]])", "invalid type: sequence, expected a string"},
      {R"([["a"],"b"])", "invalid type: string \"b\", expected a sequence"},
      {R"([["a",1]])", "invalid type: integer `1`, expected a string"},
      {R"([["a",)", "EOF while parsing a value", 400},
      {R"(["a")", "EOF while parsing a list", 400},
      {R"([["a"])", "EOF while parsing a list", 400},
      {R"(["a",])", "trailing comma", 400},
  };
  for (const auto& c : cases) {
    const Rejection rejection = RefusedBy(ReadPairInputs, c.json);
    EXPECT_EQ(rejection.status, c.status) << c.json;
    EXPECT_NE(rejection.text.find(": " + c.detail + " at line 1 column "), std::string::npos)
        << c.json << " -> " << rejection.text;
  }
}

TEST(ReadTextInputs, TakesTextsOnly) {
  EXPECT_EQ(Read(ReadTextInputs, R"("a")").inputs, (std::vector<Input>{"a"}));
  EXPECT_FALSE(Read(ReadTextInputs, R"("a")").is_batch);
  EXPECT_EQ(Read(ReadTextInputs, R"(["a","b"])").inputs, (std::vector<Input>{"a", "b"}));
  const InputList empty = Read(ReadTextInputs, "[]");
  EXPECT_TRUE(empty.is_batch);
  EXPECT_EQ(empty.count, 0U);
  for (const std::string_view json :
       {"[1]", "[[1]]", R"(["a",1])", R"(["a",["b"]])", "null", "1"}) {
    const Rejection rejection = RefusedBy(ReadTextInputs, json);
    EXPECT_EQ(rejection.status, 422) << json;
    EXPECT_NE(rejection.text.find("any variant of untagged enum TokenizeInput"), std::string::npos)
        << rejection.text;
  }
}

TEST(ReadIdInputs, TakesIdsOnly) {
  EXPECT_EQ(Read(ReadIdInputs, "[1,2]").inputs, (std::vector<Input>{Ids{1, 2}}));
  EXPECT_FALSE(Read(ReadIdInputs, "[1,2]").is_batch);
  EXPECT_EQ(Read(ReadIdInputs, "[[1],[2,3]]").inputs, (std::vector<Input>{Ids{1}, Ids{2, 3}}));
  EXPECT_EQ(Read(ReadIdInputs, "[]").inputs, (std::vector<Input>{Ids{}}));
  for (const std::string_view json : {R"("a")", R"(["a"])", R"([1,"a"])", "[-1]", "7", "[[[1]]]"}) {
    const Rejection rejection = RefusedBy(ReadIdInputs, json);
    EXPECT_EQ(rejection.status, 422) << json;
    EXPECT_NE(rejection.text.find("any variant of untagged enum InputIds"), std::string::npos)
        << rejection.text;
  }
}

TEST(ReadDocuments, TakesTextsAndObjectsWithOne) {
  InputList list = Read(ReadDocuments, R"(["a",{"x":[1],"text":"b"}])");
  EXPECT_EQ(TakeTexts(list), (std::vector<std::string>{"a", "b"}));
  for (const std::string_view json : {R"("a")", "[1]", "[{}]", R"([{"text":1}])", "[null]"}) {
    EXPECT_EQ(RefusedBy(ReadDocuments, json).status, 422) << json;
  }
}

TEST(ReadLists, CountMoreThanTheyKeep) {
  for (const auto& [read, element] : {std::pair<Reader, std::string>{ReadTexts, R"("")"},
                                      {ReadDocuments, R"({"text":""})"},
                                      {ReadTextInputs, R"("")"},
                                      {ReadIdInputs, "[]"},
                                      {ReadPairInputs, R"([""])"}}) {
    std::string body = "[" + element;
    for (std::size_t i = 1; i < kMostInputs + 10; ++i) body += "," + element;
    const InputList list = Read(read, body + "]");
    EXPECT_EQ(list.count, kMostInputs + 10) << element;
    EXPECT_EQ(list.inputs.size(), kMostInputs) << element;
  }
}

TEST(ReadRerank, NeedsTextsOrDocuments) {
  const auto refused = [](std::string_view body) { return RefusedBy(ReadRerank, body).text; };
  EXPECT_NE(refused("{}").find("missing field `query`"), std::string::npos);
  EXPECT_NE(refused(R"({"query":"q"})").find("missing field `texts`"), std::string::npos);
  EXPECT_NE(refused(R"({"texts":["a"]})").find("missing field `query`"), std::string::npos);
  for (const std::string_view body :
       {R"({"query":"q","texts":[]})", R"({"query":"q","documents":[]})"}) {
    JsonBodyReader reader(body, kMostInputs);
    RerankBody read;
    EXPECT_TRUE(ReadRerank(reader, read)) << body;
  }
}

// To TEI's clients the members of other interfaces mean nothing, wherever they stand.
TEST(ReadRerank, LooksAtNothingOfOtherInterfacesBesideTexts) {
  for (const std::string_view other :
       {R"("documents":null)", R"("documents":[1])", R"("top_n":-1)", R"("top_n":"3")",
        R"("model":3,"model":4)", R"("return_documents":"x")"}) {
    for (const std::string& body : {R"({"query":"q","texts":["a"],)" + std::string(other) + "}",
                                    "{" + std::string(other) + R"(,"query":"q","texts":["a"]})"}) {
      JsonBodyReader reader(body, kMostInputs);
      RerankBody read;
      EXPECT_TRUE(ReadRerank(reader, read)) << body;
      EXPECT_TRUE(read.is_tei());
      EXPECT_FALSE(read.top_n);
    }
  }
}

TEST(ReadRerank, TakesDocumentsWhereTextsAreNull) {
  for (const std::string_view body :
       {R"({"query":"q","texts":null,"documents":["a","b"],"top_n":1})",
        R"({"top_n":1,"documents":["a","b"],"texts":null,"query":"q"})"}) {
    JsonBodyReader reader(body, kMostInputs);
    RerankBody read;
    EXPECT_TRUE(ReadRerank(reader, read)) << body;
    EXPECT_FALSE(read.is_tei());
    EXPECT_EQ(read.documents.count, 2U);
    EXPECT_EQ(read.top_n, 1U);
  }
  EXPECT_NE(RefusedBy(ReadRerank, R"({"query":"q","texts":null})").text.find("expected a sequence"),
            std::string::npos);
  EXPECT_NE(RefusedBy(ReadRerank, R"({"query":"q","documents":[1]})").text.find("documents"),
            std::string::npos);
}

// What is wrong is told where it stands, although the choice was made before.
TEST(ReadRerank, RefusesBadSyntaxAfterTheChoice) {
  const Rejection rejection = RefusedBy(ReadRerank, R"({"query":"q","texts":["a"],"top_n":[}})");
  EXPECT_EQ(rejection.status, 400);
}

}  // namespace
}  // namespace embd::http
