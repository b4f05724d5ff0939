// SPDX-License-Identifier: GPL-2.0
#include "apt/apt_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace pinrig::apt {
namespace {

bool is_security(const std::string& suite) { return suite.ends_with("-security"); }

/// "~" and ":" in a version are written as %7e and %3a in a file's name.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* const from = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(from, from + 2, value, 16).ptr == from + 2) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool has_any(std::string_view text, const std::vector<std::string_view>& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view w) { return text.find(w) != std::string_view::npos; });
}

}  // namespace

std::vector<std::string> targets_argv() {
  return {"apt-get", "indextargets", "--format", "$(ORIGIN)\t$(LABEL)\t$(SITE)", "Created-By: Packages"};
}

std::vector<std::string> mirrors(std::string_view targets, const std::string& suite) {
  const std::string_view label = is_security(suite) ? "Debian-Security" : "Debian";
  std::vector<std::string> out;
  for (const auto line : lines(targets)) {
    const auto fields = split(line, '\t');
    if (fields.size() != 3 || fields[0] != "Debian" || fields[1] != label) continue;
    std::string site = fields[2];
    while (site.ends_with('/')) site.pop_back();
    if (!site.empty() && std::find(out.begin(), out.end(), site) == out.end()) out.push_back(site);
  }
  return out;
}

std::string old_mirror(const std::string& suite) {
  return is_security(suite) ? "http://archive.debian.org/debian-security"
                            : "http://archive.debian.org/debian";
}

std::string sources_line(const Archive& a) {
  const std::string keys = a.keyring.empty() ? "" : fmt::format("[signed-by={}] ", a.keyring.string());
  return fmt::format("deb {}{} {} main\n", keys, a.mirror, a.suite);
}

std::string settings() {
  std::string out;
  for (const char* hook : {"Pre-Invoke", "Post-Invoke", "Post-Invoke-Success", "Post-Invoke-Stats"})
    out += fmt::format("#clear APT::Update::{};\n", hook);
  out +=
      "Acquire::Languages \"none\";\n"
      "Acquire::Retries \"2\";\n"
      "Acquire::AllowInsecureRepositories \"false\";\n"
      "Acquire::AllowWeakRepositories \"false\";\n"
      "Acquire::AllowDowngradeToInsecureRepositories \"false\";\n"
      "APT::Get::AllowUnauthenticated \"false\";\n"
      "APT::Update::Error-Mode \"any\";\n"
      "APT::Default-Release \"\";\n";
  return out;
}

std::vector<std::string> private_argv(const std::string& program, const fs::path& dir, const Archive& archive,
                                      const std::vector<std::string>& args) {
  std::vector<std::string> argv{program, "-c", (dir / "apt.conf").string()};
  const auto set = [&](const std::string& name, const std::string& value) {
    argv.insert(argv.end(), {"-o", name + "=" + value});
  };
  set("Dir::State", (dir / "state").string());
  set("Dir::State::status", (dir / "status").string());
  set("Dir::Cache", (dir / "cache").string());
  set("Dir::Etc::sourcelist", (dir / "sources.list").string());
  for (const char* none : {"sourceparts", "preferences", "preferencesparts"})
    set(std::string("Dir::Etc::") + none, "-");
  if (archive.archived) set("Acquire::Check-Valid-Until", "false");
  argv.insert(argv.end(), args.begin(), args.end());
  return argv;
}

std::optional<Download> parse_uri(std::string_view printed) {
  for (const auto line : lines(printed)) {
    if (!line.starts_with("'")) continue;
    const auto words = split(line, ' ');
    if (words.size() < 3) continue;
    Download d;
    d.file = words[1];
    const auto name = split(d.file, '_');
    const char* const end = words[2].data() + words[2].size();
    if (name.size() != 3 || std::from_chars(words[2].data(), end, d.bytes).ptr != end) continue;
    d.version = decoded(name[1]);
    return d;
  }
  return std::nullopt;
}

std::vector<std::string> kernel_sources(std::string_view pkgnames) {
  std::vector<std::string> out;
  constexpr std::string_view kPrefix = "linux-source-";
  for (const auto line : lines(pkgnames)) {
    const auto name = trim(line);
    if (name.starts_with(kPrefix) && name.size() > kPrefix.size()) out.emplace_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

Failure classify(std::string_view text) {
  if (has_any(text, {"No space left on device", "enough free space", "Disk quota exceeded"}))
    return Failure::no_space;
  if (has_any(text, {"Temporary failure resolving", "Could not resolve", "Could not connect",
                     "Unable to connect", "Connection timed out", "Connection failed",
                     "Network is unreachable", "Cannot initiate the connection"}))
    return Failure::network;
  if (has_any(text, {"is not signed", "NO_PUBKEY", "EXPKEYSIG", "BADSIG", "REVKEYSIG", "GPG error",
                     "Hash Sum mismatch", "is not valid yet", "is expired"}))
    return Failure::not_verified;
  if (has_any(text, {"does not have a Release file", "404 "})) return Failure::no_suite;
  return Failure::other;
}

std::string reasons(std::string_view messages) {
  std::string out;
  bool follows = false;
  for (const auto line : lines(messages)) {
    follows = line.starts_with("E:") || line.starts_with("Err:") || (follows && line.starts_with("  "));
    if (follows) out += fmt::format("\n  {}", trim(line));
  }
  const auto all = trim(messages);
  return out.empty() && !all.empty() ? fmt::format("\n  {}", all) : out;
}

}  // namespace pinrig::apt
