// SPDX-License-Identifier: GPL-2.0
// Values in, Result<T> out: how every stage of pinrig reports failures.
#pragma once

#include <boost/system/result.hpp>
#include <boost/throw_exception.hpp>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace pinrig {

/// What went wrong, coarse enough to choose an exit code by (see exit_code.h).
enum class ErrorKind {
  bad_usage,        ///< command line
  bad_input,        ///< a file of the user: YAML, mbox, fragment, tarball
  missing_tool,     ///< a program, library or sysroot is missing
  apply_failed,     ///< a patch of a series does not apply
  build_failed,     ///< the kernel does not compile
  programs_failed,  ///< our own guest programs do not compile: says nothing about the kernel
  infra,            ///< the machine, QEMU or pinrig itself failed; says nothing about the kernel
  disk_full,        ///< ENOSPC or EDQUOT, or too little space to begin
  cancelled,        ///< SIGINT, SIGTERM or SIGHUP
};

/// Where a build stopped, in fields: for the one line that reports it, and for the log that a run keeps.
struct BuildFailure {
  enum class Stage { configuration, kernel, selftests, guest_programs };
  Stage stage = Stage::kernel;
  std::filesystem::path log = {};  ///< the whole output of this build; no later build writes to it
  std::string file = {};           ///< relative to the tree that was built; empty when the output names none
  int line = 0;                    ///< in `file`, 1-based; 0 = not known
  std::string message = {};        ///< message of the compiler, make or Kconfig, without file and line
};

/// An error for people: what happened (with file:line where there is one), and the next step.
struct Error {
  ErrorKind kind = ErrorKind::infra;
  std::string message;  ///< one or more lines, no trailing newline
  std::string hint;     ///< what to do next; may be empty
  /// Set by every error of a build that had begun, whatever its kind.
  std::optional<BuildFailure> build = std::nullopt;

  /// Adds the layer above: "importing debian-6.12: <message>".
  [[nodiscard]] Error with_context(const std::string& context) && {
    message = context + ": " + message;
    return std::move(*this);
  }
};

/// The one exception of pinrig: a broken invariant; continuing makes no sense. Caught in main only.
class Fatal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Called by boost::system::result when value() is asked of an error: a bug of the caller.
[[noreturn]] inline void throw_exception_from_error(const Error& e, const boost::source_location& at) {
  throw Fatal(std::string(at.file_name()) + ":" + std::to_string(at.line()) +
              ": value of a failed Result taken: " + e.message);
}

template <typename T>
using Result = boost::system::result<T, Error>;

inline Error make_error(ErrorKind kind, std::string message, std::string hint = {}) {
  return Error{kind, std::move(message), std::move(hint), std::nullopt};
}

/// What to print below the message: the hint, and where the output of a failed build is. May be empty.
std::string next_step(const Error& e);

/// The name used in JSON and in the database ("apply_failed").
const char* to_string(ErrorKind kind);

/// "configuration", "kernel", "selftests", "guest_programs".
const char* to_string(BuildFailure::Stage stage);

/// "FILE:LINE: MESSAGE", as far as they are known.
std::string to_string(const BuildFailure& failure);

/// Turns an errno value into an Error of kind infra or disk_full: "WHAT: No space left on device".
Error errno_error(const std::string& what, int errno_value);

}  // namespace pinrig

// PINRIG_TRY(x, expr): declares x as the value of expr, or returns its Error from the function.
#define PINRIG_CONCAT2(a, b) a##b
#define PINRIG_CONCAT(a, b) PINRIG_CONCAT2(a, b)
#define PINRIG_TRY_IMPL(tmp, var, expr)               \
  auto tmp = (expr);                                  \
  if (tmp.has_error()) return std::move(tmp).error(); \
  auto var = std::move(tmp).value()
#define PINRIG_TRY(var, expr) PINRIG_TRY_IMPL(PINRIG_CONCAT(try_, __LINE__), var, expr)

// PINRIG_CHECK(expr): returns the Error of expr from the function, drops the value otherwise.
#define PINRIG_CHECK(expr)                                                          \
  do {                                                                              \
    if (auto check_ = (expr); check_.has_error()) return std::move(check_).error(); \
  } while (false)
