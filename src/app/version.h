#pragma once

#include <string_view>

namespace embd {

// EMBD_VERSION is the version of the CMake project.
inline constexpr std::string_view kVersion = EMBD_VERSION;
// What --version prints, under whichever name the program was called.
inline constexpr std::string_view kVersionLine =
    "embd " EMBD_VERSION " (serves the interface of text-embeddings-router 1.9.3)";

}  // namespace embd
