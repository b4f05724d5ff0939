// SPDX-License-Identifier: GPL-2.0
// kernels/NAME.yaml and kernels/series/NAME/series.yaml
#include <algorithm>

#include "base/text.h"
#include "spec/places.h"
#include "spec/series_forms.h"
#include "spec/spec.h"

namespace pinrig::spec {
namespace {

using model::KernelBase;
using model::Series;

/// Which one of these keys is there; an error for none or two.
std::string only_one(Reader& r, const Fields& f, const std::string& what,
                     const std::vector<std::string>& keys) {
  std::string found;
  for (const auto& key : keys) {
    if (f.get(key) == nullptr) continue;
    if (!found.empty()) {
      r.fail(f.key_node(key),
             fmt::format("{}: '{}' and '{}' are mutually exclusive, only one of {} is allowed", what, key,
                         found, join(keys, ", ")));
      return {};
    }
    found = key;
  }
  if (found.empty()) r.fail(f.node(), fmt::format("{}: one of {} is required", what, join(keys, ", ")));
  return found;
}

/// Text that becomes an argument of git: an option in its place would change what git does.
std::string argument(Reader& r, const Node& n, const std::string& key) {
  std::string s = r.text(n, key);
  if (r.ok() && s[0] == '-')
    r.fail(n, fmt::format("{}: '{}' starts with '-': git would read it as an option", key, s));
  if (r.ok() && s.find_first_of(" \t") != std::string::npos && key != "url" && key != "path" && key != "repo")
    r.fail(n, fmt::format("{}: '{}' contains whitespace", key, s));
  return s;
}

/// A URL, or "host:path" as ssh takes it. "ext::" and its like run commands.
bool is_url(const std::string& s) {
  const std::size_t colon = s.find(':');
  return s.find("://") != std::string::npos || (colon != std::string::npos && s.find('/') > colon);
}

std::string repository(Reader& r, const Node& n, const std::string& key, const fs::path& file) {
  const std::string s = argument(r, n, key);
  if (!r.ok()) return {};
  if (s.find("::") != std::string::npos) {
    r.fail(n, fmt::format("{}: '{}' names a remote helper: expected a URL or a path", key, s));
    return {};
  }
  if (is_url(s)) return s;
  const fs::path path = beside(file, s);
  check_exists(r, n, key, path);
  return path.string();
}

KernelBase::Git read_git(Reader& r, const Node& n, const fs::path& file) {
  KernelBase::Git git;
  const Fields f(r, n, Section::base_git);
  if (!r.ok()) return git;
  const std::string key = only_one(r, f, "git", {"url", "path"});
  if (!r.ok()) return git;
  git.url = repository(r, *f.get(key), key, file);
  if (const Node* v = f.need("rev")) git.rev = argument(r, *v, "rev");
  return git;
}

std::string read_package(Reader& r, const Node& n, const std::string& key) {
  std::string package = r.word(n, key);
  if (r.ok() && !package.starts_with("linux-source-"))
    r.fail(n, fmt::format("{}: '{}' is not a kernel source package", key, package),
           "for example linux-source-6.12: /usr/src/PACKAGE.tar.xz is read");
  return package;
}

/// PACKAGE, or {package: PACKAGE, suite: SUITE}.
KernelBase::Debian read_debian(Reader& r, const Node& n) {
  if (n.kind != Node::Kind::map) return {read_package(r, n, "debian"), ""};
  KernelBase::Debian debian;
  const Fields f(r, n, Section::base_debian);
  if (!r.ok()) return debian;
  if (const Node* v = f.need("package")) debian.package = read_package(r, *v, "package");
  if (const Node* v = f.need("suite"); v != nullptr && r.ok()) debian.suite = r.word(*v, "suite");
  return debian;
}

/// Keys of `git` that stand beside it.
void check_nesting(Reader& r, const Node& source) {
  constexpr std::string_view kBelow[] = {"rev", "ref", "url", "path", "repo", "branch", "tag", "commit"};
  for (const auto& key : source.keys)
    if (std::find(std::begin(kBelow), std::end(kBelow), key.text) != std::end(kBelow))
      r.fail(key,
             fmt::format("unknown key '{}' in source: repository and revision are keys of 'git'", key.text),
             "write source: {git: {path: DIR, rev: REV}}, or url: instead of path:");
}

void read_source(Reader& r, const Node& n, KernelBase& base, const fs::path& file) {
  if (n.kind == Node::Kind::map) check_nesting(r, n);
  const Fields f(r, n, Section::base_source);
  if (!r.ok()) return;
  const std::string key = only_one(r, f, "source", {"debian", "git", "tarball"});
  if (key == "debian") {
    base.source = read_debian(r, *f.get(key));
  } else if (key == "git") {
    base.source = read_git(r, *f.get(key), file);
  } else if (key == "tarball") {
    const fs::path path = beside(file, r.text(*f.get(key), key));
    check_exists(r, *f.get(key), key, path);
    base.source = KernelBase::Tarball{path.string()};
  }
}

/// The name has to be that of the file: other files refer to it by that.
std::string read_name(Reader& r, const Fields& f, const std::string& expected) {
  const Node* n = f.get("name");
  if (n == nullptr) return expected;
  std::string name = r.word(*n, "name");
  if (r.ok() && name != expected)
    r.fail(*n, fmt::format("name: '{}' must equal the file's name '{}', which other files refer to", name,
                           expected));
  return name;
}

Series::GitRange read_range(Reader& r, const Node& n, const fs::path& file) {
  Series::GitRange out;
  const Fields f(r, n, Section::patches_git);
  if (!r.ok()) return out;
  if (const Node* v = f.need("repo")) out.repo = repository(r, *v, "repo", file);
  if (const Node* v = f.need("range")) {
    out.range = argument(r, *v, "range");
    const std::size_t dots = out.range.find("..");
    if (r.ok() && (dots == std::string::npos || dots == 0 || dots + 2 >= out.range.size() ||
                   out.range[dots + 2] == '.'))
      r.fail(*v, fmt::format("range: '{}' is not a range: expected A..B", out.range));
  }
  return out;
}

void read_patches(Reader& r, const Node& n, Series& series, const fs::path& file) {
  const Fields f(r, n, Section::patches);
  if (!r.ok()) return;
  const std::string key = only_one(r, f, "patches", {"dir", "mbox", "git"});
  if (!r.ok()) return;
  const Node& v = *f.get(key);
  if (key == "git") {
    series.patches = read_range(r, v, file);
    return;
  }
  const fs::path path = beside(file, r.text(v, key));
  check_exists(r, v, key, path);
  std::error_code ec;
  if (r.ok() && (key == "dir") != fs::is_directory(path, ec))
    r.fail(
        v,
        fmt::format("{}: {} is {}", key, shown_path(path), key == "dir" ? "not a directory" : "a directory"),
        key == "dir" ? "for a single file with all patches write 'mbox: FILE'"
                     : "for a directory of patches write 'dir: DIR'");
  if (key == "dir")
    series.patches = Series::PatchDir{path.string()};
  else
    series.patches = Series::Mbox{path.string()};
}

Result<fs::path> find_series(const fs::path& project, const std::string& name) {
  std::error_code ec;
  if (fs::is_directory(name, ec) && (is_path(name) || !fs::exists(project / "kernels/series" / name, ec)))
    return fs::path(name) / "series.yaml";
  if (!is_series_path(name)) return find_named(project, series_place(), name);
  return fs::path(name);
}

}  // namespace

Result<KernelBase> load_base(const fs::path& project, const std::string& name) {
  PINRIG_TRY(file, find_named(project, base_place(), name));
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  const Fields f(r, root, Section::base);
  KernelBase base;
  base.where = r.where(root);
  base.name = read_name(r, f, name);
  if (const Node* n = f.need("source"); n != nullptr && r.ok()) read_source(r, *n, base, file);
  if (!r.ok()) return r.error();
  return base;
}

std::string lasting_path(const std::string& name) {
  return is_path(name) ? fs::absolute(name).lexically_normal().string() : name;
}

std::string lasting_series(const fs::path& project, const std::string& name) {
  std::error_code ec;
  const bool known = fs::exists(project / "kernels/series" / name / "series.yaml", ec);
  if (name.empty() || (known && !is_series_path(name))) return name;
  return is_series_path(name) || fs::exists(name, ec) ? absolute_series(name, fs::current_path(ec)) : name;
}

Result<Series> load_series(const fs::path& project, const std::string& name) {
  std::error_code ec;
  // A name of the project comes before a file of the working directory that happens to be called so.
  if (is_series_path(name) || !fs::exists(project / "kernels/series" / name / "series.yaml", ec)) {
    PINRIG_TRY(given, series_without_yaml(name));
    if (given) return std::move(*given);
  }
  PINRIG_TRY(file, find_series(project, name));
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  const Fields f(r, root, Section::series);
  Series series;
  series.where = r.where(root);
  series.name = fs::absolute(file).lexically_normal().parent_path().filename().string();
  set(f, "name", series.name, [&](const Node& n) { return r.word(n, "name"); });
  set(f, "title", series.title, [&](const Node& n) { return r.text(n, "title"); });
  if (const Node* n = f.need("base"); n != nullptr && r.ok()) {
    check_named(r, *n, "base", project, base_place());
    series.base = n->text;
  }
  if (const Node* n = f.need("patches"); n != nullptr && r.ok()) read_patches(r, *n, series, file);
  if (const Node* n = f.get("capabilities"); n != nullptr && r.ok()) {
    if (n->kind != Node::Kind::map || n->keys.empty())
      r.fail(*n, "capabilities: expected a mapping of NAME: VALUE", "for example 'dio.bdev: pin'");
    for (std::size_t i = 0; i < n->keys.size() && r.ok(); ++i)
      series.capabilities[r.word(n->keys[i], "capabilities")] = r.text(n->items[i], n->keys[i].text);
  }
  if (r.ok()) set(f, "expect", series.expect, [&](const Node& n) { return read_expect(r, n, series.same); });
  if (!r.ok()) return r.error();
  return series;
}

}  // namespace pinrig::spec
