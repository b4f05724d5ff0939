// SPDX-License-Identifier: GPL-2.0
// apt's command lines and what it prints: pure. Private to the module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace pinrig::apt {

/// An archive of one suite: a line of sources.list.
struct Archive {
  std::string mirror;     ///< "http://deb.debian.org/debian"
  std::string suite;      ///< "trixie-backports"
  fs::path keyring;       ///< keys that may sign it; empty: those that apt trusts
  bool archived = false;  ///< an old release, whose Release file may have expired
};

/// argv of `apt-get indextargets` with the machine's own settings: what mirrors() reads.
std::vector<std::string> targets_argv();
/// Debian's mirrors in its output, each once and without a '/' at its end: those of security updates for a
/// suite "NAME-security", the others for every other suite.
std::vector<std::string> mirrors(std::string_view targets, const std::string& suite);
/// Where Debian keeps the suites that mirrors no longer have.
std::string old_mirror(const std::string& suite);

/// "deb [signed-by=...] MIRROR SUITE main".
std::string sources_line(const Archive& archive);
/// Settings read after the machine's own: none of its hooks, no translations, nothing unsigned.
std::string settings();
/// `program` (apt-get, apt-cache) with lists, caches and settings below `dir`, then `args`.
std::vector<std::string> private_argv(const std::string& program, const fs::path& dir, const Archive& archive,
                                      const std::vector<std::string>& args);

/// What `apt-get download --print-uris` prints about one package.
struct Download {
  std::string file;         ///< "linux-source-7.3_7.3.4-1~bpo13+1_all.deb"
  std::string version;      ///< "7.3.4-1~bpo13+1"
  std::uint64_t bytes = 0;  ///< of the file
};
std::optional<Download> parse_uri(std::string_view printed);

/// The names of kernel source packages in the output of `apt-cache pkgnames`, sorted.
std::vector<std::string> kernel_sources(std::string_view pkgnames);

/// Why apt failed, as far as its messages tell.
enum class Failure { no_suite, not_verified, network, no_space, other };
Failure classify(std::string_view messages);
/// apt's lines that begin with "E:" and "Err:", and below them what they say; all of it when there are none.
std::string reasons(std::string_view messages);

}  // namespace pinrig::apt
