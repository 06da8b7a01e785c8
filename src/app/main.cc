#include <unistd.h>

#include <cstdio>
#include <exception>
#include <span>
#include <string>

#include "app/commands/commands.h"
#include "app/heap.h"
#include "app/options.h"
#include "app/signals.h"
#include "app/startup_clock.h"

namespace {

void Print(std::FILE* stream, const std::string& text) {
  std::fputs(text.c_str(), stream);
  std::fflush(stream);
}

}  // namespace

int main(int argc, char** argv) {
  embd::Signals signals;
  embd::TuneHeap();
  embd::StartupClock clock;
  const std::span<const char* const> args(argv + 1, argv + argc);
  const auto parsed = embd::ParseCommandLine(args, embd::ReadEnvironment(environ));
  if (const auto* exit = std::get_if<embd::EarlyExit>(&parsed)) {
    Print(stdout, exit->out);
    Print(stderr, exit->err);
    return exit->status;
  }
  const auto& [command, options] = std::get<embd::Invocation>(parsed);
  try {
    switch (command) {
      case embd::Command::kServe:
        return embd::Serve(options, signals, clock);
      case embd::Command::kBench:
        return embd::Bench(options, clock);
    }
  } catch (const std::exception& error) {
    const std::string message = std::string("Error: ") + error.what();
    Print(stderr, message.ends_with('\n') ? message : message + "\n");
  }
  return 1;
}
