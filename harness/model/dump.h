// SPDX-License-Identifier: GPL-2.0
// The memory of a guest in a file, for crash and drgn: when it is saved, and what became of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pinrig::model {

/// What a guest is dumped for.
enum class DumpCause {
  crash,  ///< its kernel panicked
  leak,   ///< pages stayed pinned after a test
  hang,   ///< it does not answer
};
const char* to_string(DumpCause cause);  ///< "on-crash", as --dump takes it
std::optional<DumpCause> dump_cause_from_string(const std::string&);

struct DumpOrder {
  std::vector<DumpCause> when;  ///< empty: never
  int limit_mib = 4096;         ///< guests with more memory than this are not dumped
  bool wants(DumpCause cause) const;
};

/// One dump, or why there is none.
struct Dump {
  DumpCause cause = DumpCause::crash;
  std::string test;         ///< that ran or leaked; empty: none
  std::string file;         ///< absolute; empty: none was made
  std::string problem;      ///< why not
  std::uint64_t bytes = 0;  ///< of the file
  double took_s = 0;
  std::string vmlinux;      ///< of the kernel in it, with symbols
  bool debug_info = false;  ///< `vmlinux` has DWARF: without it crash does not open the file
  std::string script;       ///< pins.py, which lists pinned pages in drgn
};

/// JSON text of a dump and back; "" is none, as is a text that is no dump.
std::string dump_to_json(const std::optional<Dump>& dump);
std::optional<Dump> dump_from_json(const std::string& text);

/// The command lines that open a dump, as typed in a shell.
std::string crash_command(const Dump& dump);
std::string drgn_command(const Dump& dump);
/// The same with the script that lists the pinned pages and ends.
std::string pins_command(const Dump& dump);

}  // namespace pinrig::model
