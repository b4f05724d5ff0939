// SPDX-License-Identifier: GPL-2.0
#include "image/tools.h"

#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "image/elf_needs.h"
#include "image/packages.h"

namespace pinrig::image {
namespace {

Error bad(const fs::path& file, std::size_t line, const std::string& what) {
  return make_error(ErrorKind::bad_input, fmt::format("{}:{}: {}", file.string(), line, what),
                    "a section is `tool NAME`, followed by the lines of its files");
}

/// The sections' texts, each behind as many empty lines as stand before it, so that errors name the right
/// one.
Result<std::map<std::string, std::string>> sections_of(const std::string& text, const fs::path& file) {
  std::map<std::string, std::string> sections;
  std::string* current = nullptr;
  std::size_t count = 0;
  for (const std::string_view raw : lines(text)) {
    ++count;
    const std::string_view body = trim(raw.substr(0, raw.find('#')));
    if (body.starts_with("tool ")) {
      const std::string name(trim(body.substr(5)));
      if (name.empty() || name.find_first_of(" \t/") != std::string::npos)
        return bad(file, count, fmt::format("\"{}\" is not a tool name", name));
      const auto [it, fresh] = sections.try_emplace(name, std::string(count, '\n'));
      if (!fresh) return bad(file, count, fmt::format("duplicate tool {}", name));
      current = &it->second;
      continue;
    }
    if (current == nullptr && !body.empty()) return bad(file, count, "a file before the first tool");
    if (current != nullptr) current->append(raw).push_back('\n');
  }
  return sections;
}

class Closure {
 public:
  Closure(std::vector<Entry> entries, const fs::path& sysroot, model::Arch arch)
      : entries_(std::move(entries)), sysroot_(sysroot) {
    for (const std::string prefix : {"/lib/", "/usr/lib/"}) folders_.push_back(prefix + triplet(arch));
    for (const char* plain : {"/lib", "/usr/lib", "/lib64"}) folders_.emplace_back(plain);
    for (const Entry& e : entries_) have_.insert(e.path);
  }

  Result<std::vector<Entry>> run() {
    // What is added is looked at in its turn.
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].type != Entry::Type::file) continue;
      PINRIG_TRY(needs, elf_needs(entries_[i].source));
      if (!needs) continue;
      const Entry user = entries_[i];
      if (!needs->interpreter.empty()) PINRIG_CHECK(add(needs->interpreter, user));
      for (const std::string& library : needs->libraries) PINRIG_CHECK(find(library, *needs, user));
    }
    return std::move(entries_);
  }

 private:
  fs::path in_sysroot(const std::string& path) const { return sysroot_ / fs::path(path).relative_path(); }

  Result<void> find(const std::string& library, const ElfNeeds& needs, const Entry& user) {
    std::vector<std::string> folders;
    for (const std::string& folder : needs.folders) {
      if (folder.starts_with('/')) folders.push_back(folder);
    }
    folders.insert(folders.end(), folders_.begin(), folders_.end());
    for (const std::string& folder : folders) {
      std::error_code ec;
      const std::string path = folder + "/" + library;
      if (have_.contains(path)) return {};
      if (fs::is_regular_file(in_sysroot(path), ec)) return add(path, user);
    }
    return make_error(
        ErrorKind::bad_input,
        fmt::format("{}: {} needs {}, which the sysroot does not have", user.where, user.path, library),
        "add its package to images/full.packages");
  }

  /// Links are followed: the guest gets the file under the name that is asked for.
  Result<void> add(const std::string& path, const Entry& user) {
    if (!have_.insert(path).second) return {};
    std::error_code ec;
    Entry entry;
    entry.path = path;
    entry.source = fs::canonical(in_sysroot(path), ec);
    entry.where = user.where;
    if (ec) return errno_error(fmt::format("{}: {} required by {}", user.where, path, user.path), ec.value());
    entries_.push_back(std::move(entry));
    return {};
  }

  std::vector<Entry> entries_;
  const fs::path& sysroot_;
  std::vector<std::string> folders_;
  std::set<std::string> have_;
};

}  // namespace

Result<std::map<std::string, Manifest>> parse_tools(const std::string& text, const fs::path& file,
                                                    const std::map<std::string, fs::path>& variables) {
  PINRIG_TRY(sections, sections_of(text, file));
  std::map<std::string, Manifest> out;
  for (const auto& [name, section] : sections) {
    PINRIG_TRY(manifest, parse_manifest(section, file, variables));
    if (manifest.entries.empty() && manifest.trees.empty())
      return bad(file, lines(section).size(), fmt::format("the tool {} has no files", name));
    out.emplace(name, std::move(manifest));
  }
  return out;
}

Result<std::vector<Entry>> with_libraries(std::vector<Entry> entries, const fs::path& sysroot,
                                          model::Arch arch) {
  return Closure(std::move(entries), sysroot, arch).run();
}

}  // namespace pinrig::image
