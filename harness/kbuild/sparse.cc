// SPDX-License-Identifier: GPL-2.0
#include "kbuild/sparse.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>

#include "base/text.h"

namespace pinrig::kbuild {
namespace {

bool is_number(std::string_view s) {
  return !s.empty() && s.find_first_not_of("0123456789") == std::string_view::npos;
}

/// A line of sparse: "PATH:LINE:COLUMN: TEXT".
struct SparseLine {
  std::string_view path;
  std::string_view line;
  std::string_view place;  ///< all that is before the text
  std::string_view text;   ///< with the blanks of a further line
};

std::optional<SparseLine> sparse_line(std::string_view text) {
  for (auto colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
    const auto second = text.find(':', colon + 1);
    const auto third = second == std::string_view::npos ? second : text.find(": ", second + 1);
    if (third == std::string_view::npos || colon == 0) return std::nullopt;
    const auto line = text.substr(colon + 1, second - colon - 1);
    if (!is_number(line) || !is_number(text.substr(second + 1, third - second - 1))) continue;
    return SparseLine{text.substr(0, colon), line, text.substr(0, third), text.substr(third + 2)};
  }
  return std::nullopt;
}

/// "[-Wunused-variable]" ends what gcc says.
bool is_compilers(std::string_view text) {
  return text.ends_with(']') && text.find("[-W") != std::string_view::npos;
}

struct SparseWarning {
  std::string file;
  std::string line;
  std::string place;
  std::vector<std::string> texts;
};

std::string without_number(const std::string& warning) {
  const auto file = warning.find(':');
  const auto line = file == std::string::npos ? file : warning.find(':', file + 1);
  return line == std::string::npos ? warning : warning.substr(0, file) + warning.substr(line);
}

fs::path object_of(const Tree& tree, const std::string& file) {
  return tree.objdir / fs::path(file).replace_extension(".o");
}

bool is_source(const Tree& tree, const std::string& file) {
  std::error_code ec;
  return file.ends_with(".c") && fs::exists(tree.source / file, ec);
}

}  // namespace

std::vector<std::string> parse_sparse(std::string_view output, const std::string& source,
                                      const std::string& objdir) {
  std::vector<SparseWarning> found;
  for (const auto text : lines(output)) {
    const auto l = sparse_line(text);
    if (!l) continue;
    const bool begins = l->text.starts_with("warning: ") || l->text.starts_with("error: ");
    if (begins && !is_compilers(l->text)) {
      const auto said = l->text.substr(l->text.find(' ') + 1);
      found.push_back({tree_path(l->path, source, objdir),
                       std::string(l->line),
                       std::string(l->place),
                       {std::string(trim(said))}});
    } else if (l->text.starts_with(' ') && !found.empty() && found.back().place == l->place) {
      found.back().texts.emplace_back(trim(l->text));
    }
  }
  std::vector<std::string> out;
  for (const auto& w : found) {
    std::string text = w.file + ":" + w.line + ": sparse: " + join(w.texts, ", ");
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(std::move(text));
  }
  return out;
}

std::vector<std::string> new_warnings(const std::vector<std::string>& before,
                                      const std::vector<std::string>& after) {
  // As often as before is not new.
  std::multiset<std::string> known;
  for (const auto& w : before) known.insert(without_number(w));
  std::vector<std::string> out;
  for (const auto& w : after) {
    const auto it = known.find(without_number(w));
    if (it == known.end())
      out.push_back(w);
    else
      known.erase(it);
  }
  return out;
}

std::vector<std::string> not_compiled(const Tree& tree, const std::vector<std::string>& files) {
  std::vector<std::string> out;
  std::error_code ec;
  std::copy_if(files.begin(), files.end(), std::back_inserter(out), [&](const auto& file) {
    return is_source(tree, file) && !fs::exists(object_of(tree, file), ec);
  });
  return out;
}

bool has_sparse() { return !process::find_program("sparse").empty(); }

Result<std::optional<std::vector<std::string>>> run_sparse(const Tree& tree,
                                                           const std::vector<std::string>& files, int jobs,
                                                           const fs::path& log, const CancelToken& cancel) {
  using Warnings = std::optional<std::vector<std::string>>;
  std::vector<std::string> targets{"C=2"};
  std::error_code ec;
  for (const auto& file : files) {
    if (is_source(tree, file) && fs::exists(object_of(tree, file), ec))
      targets.push_back(fs::path(file).replace_extension(".o").string());
  }
  if (targets.size() == 1) return Warnings(std::vector<std::string>());
  const auto command = make_command(tree, targets, jobs);
  std::string output;
  const auto take = [&](std::string_view piece) { output += piece; };
  PINRIG_TRY(done, process::run(command, cancel, {{}, take}));
  if (std::holds_alternative<process::Cancelled>(done.status)) return cancelled_error();
  if (!log.empty()) {
    UniqueFd fd(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!fd) return errno_error("opening " + log.string(), errno);
    PINRIG_CHECK(write_all(fd.get(), "$ " + shell_line(command.argv) + "\n" + output, log));
  }
  if (!process::succeeded(done.status)) return Warnings();
  return Warnings(parse_sparse(output, tree.source.string(), tree.objdir.string()));
}

}  // namespace pinrig::kbuild
