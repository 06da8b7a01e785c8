#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "app/options.h"

namespace embd {

enum class OptionGroup : std::uint8_t {
  kModel,
  kLimits,
  kMachine,
  kServer,
  kHub,
  kTelemetry,
  kBench,
  kTokenizer
};

enum class OptionArity : std::uint8_t {
  kOne,         // --name VALUE
  kOptional,    // --name [VALUE]; without one it is "true"
  kFlag,        // --name
  kRepeatable,  // --name VALUE, any number of times
};

// The commands that know an option, as a set.
using Commands = std::uint8_t;
constexpr Commands In(std::same_as<Command> auto... commands) {
  return static_cast<Commands>((0U | ... | (1U << static_cast<unsigned>(commands))));
}

// Puts a value into the options; what is wrong with it otherwise, empty when nothing is.
using OptionSetter = std::string (*)(std::string_view value, Options& options);

// One option: all that parsing, --help, the start log and the documentation know about it.
struct OptionRow {
  std::string_view name = {};  // without the dashes
  char short_name = '\0';
  std::string_view env = {};            // empty: the environment cannot set it
  std::string_view value = {};          // how help calls the value
  std::string_view default_value = {};  // goes through `set` when nothing was given; empty: none
  std::string_view default_note = {};   // how help describes a default that is computed
  OptionGroup group = OptionGroup::kModel;
  OptionArity arity = OptionArity::kOne;
  Commands used_by = In(Command::kServe, Command::kBench);
  bool required = false;
  bool secret = false;              // never printed
  bool hidden = false;              // not in help
  std::string_view no_effect = {};  // why nothing happens when it is set; empty: it does
  OptionSetter set = nullptr;
  std::string_view help = {};
};

inline bool UsedBy(const OptionRow& row, Command command) {
  return (row.used_by & In(command)) != 0;
}

// A name may have several rows, each for other commands.
std::span<const OptionRow> OptionTable();

// Two options that exclude each other, by name.
struct OptionConflict {
  std::string_view first;
  std::string_view second;
};

std::span<const OptionConflict> OptionConflicts();

// An option that means nothing without another, by name.
struct OptionNeed {
  std::string_view option;
  std::string_view needed;
};

std::span<const OptionNeed> OptionNeeds();

// The text of --help for a command.
std::string HelpText(Command command);

}  // namespace embd
