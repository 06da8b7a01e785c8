#pragma once

#include "app/options.h"
#include "app/signals.h"
#include "app/startup_clock.h"

// One function a command, each in its own file; the result is the process's exit status. They throw
// LoadError and MemoryError.

namespace embd {

int Serve(const Options& options, Signals& signals, StartupClock& clock);
int Bench(const Options& options, StartupClock& clock);
int BenchTokenizer(const Options& options);
// Filters, from standard input to standard output; signals are the system's business again.
int Tokenize(const Options& options, Signals& signals);
int Decode(const Options& options, Signals& signals);

}  // namespace embd
