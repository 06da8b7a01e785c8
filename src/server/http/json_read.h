#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "api/input.h"
#include "server/http/body_reader.h"

namespace embd::http {

// The values that several bodies have, each in all the shapes that TEI takes. False: refused.

// The inputs of a request.
struct InputList {
  std::vector<Input> inputs;
  std::size_t count = 0;  // also those beyond BodyReader::most_inputs()
  bool is_batch = false;  // a list of inputs, not one

  std::size_t beyond() const { return count - inputs.size(); }
};

// A text, a list of token ids (an empty list is one), or a list of these.
bool ReadInputs(BodyReader& reader, InputList& out);

// A text or a list of texts.
bool ReadTextInputs(BodyReader& reader, InputList& out);

// A list of token ids (an empty list is one), or a list of these.
bool ReadIdInputs(BodyReader& reader, InputList& out);

// A text, a list of one text or of two (a pair), or a list of such lists.
bool ReadPairInputs(BodyReader& reader, InputList& out);

// A list of texts.
bool ReadTexts(BodyReader& reader, InputList& out);

// A list of documents, which are texts or objects with a text.
bool ReadDocuments(BodyReader& reader, InputList& out);

// What the members of bodies for embeddings are called that say how texts become tokens, for the
// table of a struct.
inline constexpr std::string_view kAboutTruncate =
    "Cut inputs that are too long instead of refusing them. Default: what the server was started "
    "with.";
inline constexpr std::string_view kAboutDirection = "Where what is too long is cut.";
inline constexpr std::string_view kAboutPrompt =
    "The prompt of the model's configuration that is put before each input.";
inline constexpr std::string_view kAboutDimensions =
    "Keep so many of the first components. Default: all.";
inline constexpr std::string_view kAboutRawScores =
    "Give what the model says, without sigmoid or softmax.";

// Moves them to a request for the service.
template <typename Request>
void GiveInputs(InputList& list, Request& request) {
  request.inputs_beyond = list.beyond();
  request.inputs = std::move(list.inputs);
  request.is_batch = list.is_batch;
}

// The texts of a list that was read by ReadTexts, ReadTextInputs or ReadDocuments.
std::vector<std::string> TakeTexts(InputList& list);

}  // namespace embd::http
