// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "git/apply.h"
#include "git/patch_text.h"

namespace pinrig::git {
namespace {

/// Files of the base with the same name in another folder: where it may have been moved to.
Result<std::vector<std::string>> same_name_elsewhere(const Index& index, const Source& source,
                                                     const std::string& file) {
  PINRIG_TRY(all, index.git().run_ok(
                      index.call({"ls-tree", "-r", "-z", "--name-only", "--full-tree", source.commit})));
  const std::string tail = "/" + fs::path(file).filename().string();
  std::vector<std::string> found;
  for (std::string_view text = all.out; !text.empty();) {
    const auto name = text.substr(0, text.find('\0'));
    if (name.ends_with(tail) || name == tail.substr(1)) found.emplace_back(name);
    text.remove_prefix(name.size() + 1);
  }
  return found;
}

Result<void> about_missing_file(const Index& index, const Source& source, int number, const Patch& patch,
                                ApplyFailure& f) {
  PINRIG_TRY(base, index.look_up(source.commit, {f.file}));
  if (base.contains(f.file) && number > 1) f.hunk = "was removed or renamed by an earlier patch";
  const auto bare = named_paths(patch.diff, 0);
  PINRIG_TRY(unstripped, index.look_up(source.commit, {bare.begin(), bare.end()}));
  const auto is_there = [&](const std::string& path) { return unstripped.contains(path); };
  if (std::any_of(bare.begin(), bare.end(), is_there)) {
    f.hint =
        "its paths lack the prefixes a/ and b/ (diff.noprefix, diff -p0): recreate it with git format-patch "
        "--default-prefix, or list it with -p0 in a file named series";
    return {};
  }
  PINRIG_TRY(elsewhere, same_name_elsewhere(index, source, f.file));
  if (!elsewhere.empty() && elsewhere.size() <= 3)
    f.hint = fmt::format("the base has {}", join(elsewhere, ", "));
  return {};
}

/// Whether git would apply the patch with this option.
Result<bool> fits_with(const Index& index, const Patch& patch, const std::string& option) {
  PINRIG_TRY(done,
             index.git().run(index.call({"apply", fmt::format("-p{}", patch.strip), "--cached", "--check",
                                         option, "--whitespace=nowarn", (index.temp() / "diff").string()})));
  return process::succeeded(done.status);
}

Result<std::string> hint_of_hunk(const Index& index, const Patch& patch) {
  PINRIG_TRY(white, fits_with(index, patch, "--ignore-whitespace"));
  if (white)
    return std::string(
        "only whitespace differs: the mail was altered in transit (tabs converted to spaces?); get it from "
        "the list archive");
  PINRIG_TRY(fuzzy, fits_with(index, patch, "-C1"));
  if (fuzzy)
    return std::string(
        "with less context it applies, which git am does not try: rebase it onto this base, or list the "
        "patches in a file named series, where that is allowed and said, as with quilt");
  return std::string();
}

}  // namespace

Result<ApplyFailure> explain(const Index& index, const Source& source, int number, const Patch& patch,
                             const std::string& said) {
  ApplyFailure f;
  f.number = number;
  f.subject = patch.subject;
  // The names of our own temporary files mean nothing to anybody.
  for (const auto line : lines(said))
    if (line.find(index.temp().string()) == std::string_view::npos) f.detail += std::string(line) + "\n";
  f.detail = trim(f.detail);
  Rejection r = parse_rejection(f.detail, patch.diff, patch.strip);
  if (!has_diff(patch.diff) && has_context_diff(patch.diff)) {
    r.why = Misfit::malformed;
    r.hunk = "a context diff; git reads only unified diffs";
    f.hint = "recreate it with diff -u or git format-patch";
  }
  f.why = r.why;
  f.file = r.file;
  f.hunk = r.hunk;
  if (f.why == Misfit::no_file && !f.file.empty())
    PINRIG_CHECK(about_missing_file(index, source, number, patch, f));
  if (f.why == Misfit::binary) f.hint = "recreate it with git format-patch --binary";
  if (f.why == Misfit::malformed && f.hint.empty()) {
    // git counts lines of the diff; people look into their file.
    const auto at = f.hunk.find(" at line ");
    if (r.diff_line > 0 && at != std::string::npos) {
      f.hunk.erase(at);
      if (patch.line > 0)
        f.where = fmt::format("{}:{}", patch.file, patch.line + r.diff_line - 1);
      else
        f.hunk += fmt::format(" at line {} of its diff", r.diff_line);
    }
    f.hint = damage_hint(patch.diff, patch.flowed);
  }
  if (f.why == Misfit::hunk) {
    PINRIG_TRY(hint, hint_of_hunk(index, patch));
    f.hint = std::move(hint);
  }
  return f;
}

}  // namespace pinrig::git
