// SPDX-License-Identifier: GPL-2.0
// Every file of testdata/bad is put into a copy of testdata/project at the place it names, loaded, and has
// to be refused with exactly the error and the hint of its first lines.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/text.h"
#include "spec/spec.h"

namespace pinrig::spec {
namespace {

template <typename T>
Error error_of(const Result<T>& r) {
  return r.has_error() ? r.error() : make_error(ErrorKind::infra, "accepted");
}

Error load(const fs::path& project, const std::string& place) {
  if (place.starts_with("configs/runs/")) return error_of(load_run(project, "bad"));
  if (place.starts_with("configs/machines/")) return error_of(load_machine(project, "bad"));
  if (place.starts_with("kernels/series/")) return error_of(load_series(project, "bad"));
  if (place.starts_with("configs/expectations/")) return error_of(load_all_requirements(project));
  if (place.starts_with("configs/known-issues/")) return error_of(load_all_known_issues(project));
  if (place.starts_with("configs/policy/")) return error_of(load_all_splat_rules(project));
  if (place == "guest-tests/map.yaml") return error_of(load_map(project));
  if (place.starts_with("kernels/")) return error_of(load_base(project, "bad"));
  return error_of(load_all_suites(project));
}

std::string without(std::string text, const std::string& prefix) {
  for (std::size_t at = 0; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
  return text;
}

std::vector<std::string> traps() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(fs::path(PINRIG_TESTDATA) / "bad"))
    out.push_back(entry.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

/// How a comment begins: the head of an adapter is in a C file.
std::string comment_of(const fs::path& file) { return file.extension() == ".c" ? "// " : "# "; }

/// "# key: value" of one of the first lines.
std::string header(const std::string& text, const std::string& comment, const std::string& key) {
  const std::string begin = comment + key + ":";
  for (const auto line : lines(text)) {
    if (line.starts_with(begin)) return std::string(trim(line.substr(begin.size())));
  }
  return "";
}

/// For PINRIG_UPDATE_GOLDEN=1: the file with its header lines as they are now.
void update(const fs::path& file, const std::string& text, const std::string& message,
            const std::string& hint) {
  const std::string comment = comment_of(file);
  std::ofstream out(file);
  for (const auto line : lines(text)) {
    if (line.starts_with(comment + "error:"))
      out << comment << "error: " << message << "\n";
    else if (line.starts_with(comment + "hint:"))
      out << comment << "hint:" << (hint.empty() ? "" : " ") << hint << "\n";
    else
      out << line << "\n";
  }
}

/// Links are quicker than copies; the folders are real, so that a file can be added to them.
void link_project(const fs::path& to) {
  const fs::path from = fs::path(PINRIG_TESTDATA) / "project";
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path target = to / entry.path().lexically_relative(from);
    if (entry.is_directory())
      fs::create_directory(target);
    else
      fs::create_symlink(entry.path(), target);
  }
}

/// The trap at its place in the project, for the time it is loaded.
void check(const fs::path& project, const std::string& trap) {
  const fs::path file = fs::path(PINRIG_TESTDATA) / "bad" / trap;
  const std::string comment = comment_of(file);
  const std::string text = read_file(file).value();
  const std::string place = header(text, comment, "as");
  fs::create_directories((project / place).parent_path());
  const fs::path kept = project / "kept";
  const bool replaces = fs::exists(project / place);
  if (replaces) fs::rename(project / place, kept);
  fs::create_symlink(file, project / place);
  const Error e = load(project, place);
  fs::remove(project / place);
  if (replaces) fs::rename(kept, project / place);

  EXPECT_EQ(e.kind, ErrorKind::bad_input) << e.message;
  const std::string message = without(e.message, project.string() + "/");
  const std::string hint = without(e.hint, project.string() + "/");
  if (std::getenv("PINRIG_UPDATE_GOLDEN") != nullptr) update(file, text, message, hint);
  EXPECT_EQ(message, header(text, comment, "error"));
  EXPECT_EQ(hint, header(text, comment, "hint"));
}

// One test for all: making the project costs more than the checks.
TEST(BadInput, IsRefusedByNameAndPlace) {
  const TempDir tmp = std::move(TempDir::create(fs::temp_directory_path(), "spec-test")).value();
  link_project(tmp.path());
  const auto all = traps();
  EXPECT_GT(all.size(), 100u);
  for (const auto& trap : all) {
    SCOPED_TRACE(trap);
    check(tmp.path(), trap);
  }
}

}  // namespace
}  // namespace pinrig::spec
