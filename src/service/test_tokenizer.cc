#include "service/test_tokenizer.h"

#include <fmt/format.h>

#include <string>

#include "engine/test_model.h"

namespace embd::testing {

std::unique_ptr<const Tokenizer> MakeTestTokenizer() {
  static_assert(TestModel::kPoison == 900 && TestModel::kNotANumber == 901 &&
                TestModel::kInfinite == 902);
  std::string vocabulary = R"("[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3)";
  for (int id = 4; id < 900; ++id) vocabulary += fmt::format(R"(,"w{}":{})", id, id);
  vocabulary += R"(,"poison":900,"nan":901,"infinite":902)";
  std::string added;
  int id = 0;
  for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]"}) {
    added += fmt::format(
        R"({}{{"id":{},"content":"{}","single_word":false,"lstrip":false,"rstrip":false,)"
        R"("normalized":false,"special":true}})",
        id == 0 ? "" : ",", id, token);
    ++id;
  }
  const std::string json = fmt::format(
      R"({{"added_tokens":[{}],
      "normalizer":{{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
                    "strip_accents":null,"lowercase":true}},
      "pre_tokenizer":{{"type":"BertPreTokenizer"}},
      "post_processor":{{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]}},
      "decoder":{{"type":"WordPiece","prefix":"##","cleanup":true}},
      "model":{{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
               "max_input_chars_per_word":100,"vocab":{{{}}}}}}})",
      added, vocabulary);
  return Tokenizer::LoadText(json, "test tokenizer");
}

}  // namespace embd::testing
