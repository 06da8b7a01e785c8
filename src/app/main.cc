#include <unistd.h>

#include <cstdio>
#include <exception>
#include <span>
#include <string_view>
#include <variant>

#include "app/commands/commands.h"
#include "app/heap.h"
#include "app/options.h"
#include "app/signals.h"
#include "app/startup_clock.h"

namespace {

void Print(std::FILE* stream, const char* text) {
  std::fputs(text, stream);
  std::fflush(stream);
}

int Run(std::span<const char* const> args, embd::Signals& signals) {
  embd::StartupClock clock;
  const auto parsed = embd::ParseCommandLine(args, embd::ReadEnvironment(environ));
  if (const auto* exit = std::get_if<embd::EarlyExit>(&parsed)) {
    Print(stdout, exit->out.c_str());
    Print(stderr, exit->err.c_str());
    return exit->status;
  }
  const auto& [command, options] = std::get<embd::Invocation>(parsed);
  switch (command) {
    case embd::Command::kServe:
      return embd::Serve(options, signals, clock);
    case embd::Command::kBench:
      return embd::Bench(options, clock);
    case embd::Command::kBenchTokenizer:
      return embd::BenchTokenizer(options);
    case embd::Command::kTokenize:
      return embd::Tokenize(options, signals);
    case embd::Command::kDecode:
      return embd::Decode(options, signals);
  }
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    embd::Signals signals;
    embd::TuneHeap();
    return Run({argv + 1, argv + argc}, signals);
  } catch (const std::exception& error) {
    const std::string_view message = error.what();
    Print(stderr, "Error: ");
    Print(stderr, error.what());
    if (!message.ends_with('\n')) Print(stderr, "\n");
  } catch (...) {
    Print(stderr, "Error: unknown exception\n");
  }
  return 1;
}
