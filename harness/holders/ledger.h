// SPDX-License-Identifier: GPL-2.0
// Which pins were taken and never released, and which released and never taken: by page, from a trace. Pure.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "holders/capture.h"
#include "model/record.h"

namespace pinrig::holders {

/// The source of a frame, innermost first: what was inlined there, then the function itself. Empty when it is
/// not known.
using Resolve = std::function<std::vector<model::SourceLine>(const Frame&)>;

/// A stack as source lines. A frame without any is its text alone.
using Path = std::vector<model::SourceLine>;

/// Whether two stacks are the same but for lines; the same point may be compiled with other lines.
bool same_functions(const Path& a, const Path& b);

/// Changes by one stack, together.
struct Group {
  Path path;
  std::int64_t pins = 0;    ///< of its changes
  std::size_t changes = 0;  ///< number of them
  std::int64_t refs = 0;    ///< what they add to the count of references
};

/// A page that was pinned when the test had ended.
struct HeldPage {
  std::uint64_t pfn = 0;
  std::int64_t pins = 0;  ///< unreleased
  int count = 0;          ///< references after the last change that the trace has
  std::string flags;      ///< then
  bool large = false;
  bool anon = false;    ///< when it was pinned: memory of a process, not of a file
  bool cached = false;  ///< of a file or of shared memory
  int mappings = 0;     ///< then; -1: not known, of a large folio
  std::optional<Owner> owner;
  Path allocated;  ///< of `owner`
};

/// Pages that one stack treated as if they were not pinned.
struct Copied {
  enum class How {
    shared_by_fork,  ///< fork() gave the child the page itself instead of a copy
    replaced         ///< a write fault gave the process another page, and the pin kept this one
  };
  How how = How::replaced;
  Path path;
  Path pinned_by;  ///< of the pin that the first of the pages had
  std::string task;
  int pid = 0;
  std::vector<std::uint64_t> pages;  ///< PFNs, each once
};

/// Releases of pins that nobody took, by one stack.
struct Excess {
  Group release;
  std::vector<Group> before;         ///< which stacks had released the same pages before, most first
  std::vector<std::uint64_t> pages;  ///< PFNs, each once
};

/// All pins that one stack took.
struct Holder {
  Path taken;
  std::string task;
  int pid = 0;
  std::int64_t pins = 0;         ///< taken
  std::int64_t held = 0;         ///< of these, not released
  std::vector<Group> released;   ///< which stacks released the others, most first
  std::vector<Group> meanwhile;  ///< other changes to the pages that are held, between taking and the end
  std::vector<HeldPage> pages;   ///< that are held
};

struct Ledger {
  std::vector<Holder> holders;  ///< those with most held pins first; then balanced ones
  std::vector<Excess> excess;   ///< releases of pins that nobody took, most first
  std::vector<Copied> copied;   ///< anonymous pages that were pinned, and that fork() or its copies got wrong
  std::int64_t taken = 0;       ///< pins
  std::int64_t released = 0;
  bool sure = true;  ///< the trace has every event; false: some were lost, and a release may be one of them
};

/// Pins and releases matched page by page. A small folio's pins are multiples of `bias` in its count (or of
/// bias - 1, where gup_fast() took the first reference before); of a large folio a stack tells whether its
/// references are pins: what goes through pin_*() and folio_add_pin*() is, and a release through unpin_*().
Ledger make_ledger(const Capture& capture, const Resolve& resolve);

/// A stack as source lines, without what the tracing itself adds.
Path path_of(const Stack& stack, const Resolve& resolve);

}  // namespace pinrig::holders
