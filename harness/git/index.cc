// SPDX-License-Identifier: GPL-2.0
#include "git/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace pinrig::git {
namespace {

template <typename Do>
void each_entry(std::string_view text, Do what) {
  while (!text.empty()) {
    const auto entry = text.substr(0, text.find('\0'));
    text.remove_prefix(std::min(text.size(), entry.size() + 1));
    const auto tab = entry.find('\t');
    if (tab == std::string_view::npos) continue;
    const auto words = split(entry.substr(0, tab), ' ');
    if (words.size() == 3) what(words, std::string(entry.substr(tab + 1)));
  }
}

}  // namespace

Files parse_entries(std::string_view text) {
  Files files;
  each_entry(text, [&](const std::vector<std::string>& words, std::string path) {
    if (words[1] == "tree") return;
    // A submodule is a "commit".
    const bool typed = words[1] == "blob" || words[1] == "commit";
    files[std::move(path)] = words[0] + " " + (typed ? words[2] : words[1]);
  });
  return files;
}

Index::Index(const Git& git, fs::path repo, fs::path temp, const fs::path& objects)
    : git_(git), repo_(std::move(repo)), temp_(std::move(temp)) {
  env_["GIT_INDEX_FILE"] = (temp_ / "index").string();
  if (!objects.empty()) env_["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = objects.string();
}

Call Index::call(std::vector<std::string> args, std::string input) const {
  Call call;
  call.args = std::move(args);
  call.repo = repo_;
  call.cwd = temp_;
  call.env = env_;
  call.input = std::move(input);
  return call;
}

Index Index::beside(const std::string& name) const {
  Index other = *this;
  other.env_["GIT_INDEX_FILE"] = (temp_ / name).string();
  return other;
}

Result<void> Index::fill(const Files& files) const {
  // Without entries update-index writes no file at all.
  PINRIG_CHECK(git_.run_ok(call({"read-tree", "--empty"})));
  if (files.empty()) return {};
  std::string input;
  for (const auto& [path, entry] : files) input += fmt::format("{}\t{}{}", entry, path, '\0');
  PINRIG_CHECK(git_.run_ok(call({"update-index", "-z", "--index-info"}, std::move(input))));
  return {};
}

Result<Files> Index::files() const {
  PINRIG_TRY(listed, git_.run_ok(call({"ls-files", "-z", "--stage"})));
  return parse_entries(listed.out);
}

Result<Texts> Index::texts(const Files& files) const {
  std::vector<std::string> paths;
  std::string ids;
  for (const auto& [path, entry] : files) {
    if (!entry.starts_with("100")) continue;  // a link, a submodule
    paths.push_back(path);
    ids += entry.substr(entry.find(' ') + 1) + "\n";
  }
  Texts out;
  if (paths.empty()) return out;
  PINRIG_TRY(done, git_.run_ok(call({"cat-file", "--batch"}, std::move(ids))));
  // "ID blob SIZE\nCONTENT\n" for each
  std::string_view text = done.out;
  for (const auto& path : paths) {
    const auto head = text.substr(0, text.find('\n'));
    std::size_t size = 0;
    const auto blank = head.rfind(' ');
    if (blank != std::string_view::npos)
      std::from_chars(head.data() + blank + 1, head.data() + head.size(), size);
    if (head.find(" blob ") == std::string_view::npos || text.size() < head.size() + size + 2)
      return make_error(ErrorKind::infra, fmt::format("git cat-file says of {}: {}", path, shown(head)));
    out[path] = text.substr(head.size() + 1, size);
    text.remove_prefix(head.size() + size + 2);
  }
  return out;
}

Result<std::string> Index::write_tree() const { return git_.text(call({"write-tree", "--missing-ok"})); }

Result<Files> Index::look_up(const std::string& commit, const std::set<std::string>& paths) const {
  std::set<std::string> wanted = paths;
  for (const auto& path : paths)
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
      wanted.insert(path.substr(0, slash));
  Files files;
  std::vector<std::string> folders;
  // Far from the limit of an argument list.
  constexpr std::size_t kAtOnce = 500;
  for (auto it = wanted.begin(); it != wanted.end();) {
    Call list = call({"ls-tree", "-z", "-t", "--full-tree", commit, "--"});
    for (std::size_t n = 0; n < kAtOnce && it != wanted.end(); ++n, ++it)
      list.args.push_back(":(literal)" + *it);
    PINRIG_TRY(done, git_.run_ok(list));
    // A path below another one brings the neighbours of both.
    for (auto& [path, entry] : parse_entries(done.out))
      if (wanted.contains(path)) files[path] = entry;
    each_entry(done.out, [&](const std::vector<std::string>& words, std::string path) {
      if (words[1] == "tree" && paths.contains(path)) folders.push_back(std::move(path));
    });
  }
  for (const auto& folder : folders) {
    PINRIG_TRY(
        done, git_.run_ok(call({"ls-tree", "-z", "-r", "--full-tree", commit, "--", ":(literal)" + folder})));
    files.merge(parse_entries(done.out));
  }
  return files;
}

}  // namespace pinrig::git
