// SPDX-License-Identifier: GPL-2.0
// git am would need a checkout of 86000 files, and rewrites an index of that size for each patch. Here an
// index holds only the files that the series names, and git fast-import puts the changed blobs into trees.
#include "git/apply.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "git/patch_text.h"

namespace pinrig::git {
namespace {

/// Raised when the commits that come out for the same input change.
constexpr std::string_view kRecipe = "apply 2";

/// path -> "100644 <blob>"
using Files = std::map<std::string, std::string>;

/// "MODE BLOB STAGE\tPATH" or "MODE blob BLOB\tPATH" entries, NUL-separated.
Files parse_entries(std::string_view text) {
  Files files;
  while (!text.empty()) {
    const auto entry = text.substr(0, text.find('\0'));
    text.remove_prefix(std::min(text.size(), entry.size() + 1));
    const auto tab = entry.find('\t');
    if (tab == std::string_view::npos) continue;
    const auto words = split(entry.substr(0, tab), ' ');
    if (words.size() != 3 || words[1] == "tree") continue;
    files[std::string(entry.substr(tab + 1))] = words[0] + " " + (words[1] == "blob" ? words[2] : words[1]);
  }
  return files;
}

class Applier {
 public:
  Applier(const Git& git, const Source& source, const std::string& ref, const fs::path& temp,
          const fs::path& objects)
      : git_(git), source_(source), ref_(ref), temp_(temp) {
    env_["GIT_INDEX_FILE"] = (temp / "index").string();
    if (!objects.empty()) env_["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = objects.string();
  }

  /// Puts the files that the patches name into the index.
  Result<void> begin(const std::vector<Patch>& patches) {
    std::set<std::string> paths;
    for (const auto& patch : patches)
      for (auto& path : named_paths(patch.diff)) paths.insert(std::move(path));
    // Far from the limit of an argument list.
    constexpr std::size_t kAtOnce = 500;
    auto it = paths.begin();
    while (it != paths.end()) {
      Call call = in_repo({"ls-tree", "-z", "--full-tree", source_.commit, "--"});
      for (std::size_t n = 0; n < kAtOnce && it != paths.end(); ++n, ++it) call.args.push_back(*it);
      PINRIG_TRY(done, git_.run_ok(call));
      files_.merge(parse_entries(done.out));
    }
    Call call = in_repo({"update-index", "-z", "--index-info"});
    for (const auto& [path, entry] : files_) call.input += fmt::format("{}\t{}{}", entry, path, '\0');
    PINRIG_CHECK(git_.run_ok(call));
    return {};
  }

  /// nullopt when it applied.
  Result<std::optional<ApplyFailure>> apply(int number, const Patch& patch) {
    const fs::path diff = temp_ / "diff";
    PINRIG_CHECK(write_file_atomic(diff, patch.diff));
    Call call = in_repo({"apply", "--cached", "--whitespace=nowarn", diff.string()});
    PINRIG_TRY(plain, git_.run(call));
    if (!process::succeeded(plain.status)) {
      PINRIG_TRY(merged, merge(diff));
      if (!merged) return failure(number, patch, plain.err);
    }
    PINRIG_TRY(listed, git_.run_ok(in_repo({"ls-files", "-z", "--stage"})));
    commit(number, patch, parse_entries(listed.out));
    return std::optional<ApplyFailure>();
  }

  /// Makes the commits of all patches that applied.
  Result<std::vector<Applied>> finish() {
    if (applied_.empty()) return applied_;
    Call call = in_repo({"fast-import", "--quiet", "--done", "--force"});
    call.input = stream_ + "done\n";
    PINRIG_TRY(ids, git_.run_ok(call));
    const auto commits = lines(ids.out);
    if (commits.size() != applied_.size())
      return make_error(ErrorKind::infra, "git fast-import named no commits: " + ids.out + ids.err);
    for (std::size_t i = 0; i < applied_.size(); ++i) applied_[i].commit = commits[i];
    PINRIG_CHECK(identify(git_, source_, env_, applied_));
    return applied_;
  }

 private:
  Call in_repo(std::vector<std::string> args) const {
    Call call;
    call.args = std::move(args);
    call.repo = source_.repo;
    call.cwd = temp_;
    call.env = env_;
    return call;
  }

  /// As git am -3 does after a plain try; it needs the blobs the patch was made on.
  Result<bool> merge(const fs::path& diff) {
    const fs::path index = temp_ / "index";
    const fs::path saved = temp_ / "index.saved";
    std::error_code ec;
    fs::copy_file(index, saved, fs::copy_options::overwrite_existing, ec);
    if (ec) return errno_error("copying " + index.string(), ec.value());
    PINRIG_TRY(done,
               git_.run(in_repo({"apply", "--cached", "--3way", "--whitespace=nowarn", diff.string()})));
    if (process::succeeded(done.status)) return true;
    fs::rename(saved, index, ec);  // without the stages of the conflict
    if (ec) return errno_error("restoring " + index.string(), ec.value());
    return false;
  }

  static std::optional<ApplyFailure> failure(int number, const Patch& patch, const std::string& said) {
    const Rejection r = parse_rejection(said, patch.diff);
    ApplyFailure f;
    f.number = number;
    f.subject = patch.subject;
    f.file = r.file;
    f.hunk = r.hunk;
    f.detail = trim(said);
    return f;
  }

  void commit(int number, const Patch& patch, Files now) {
    Applied a;
    a.number = number;
    a.subject = patch.subject;
    a.author = patch.author;
    // fast-import takes dates as git writes them; those of mails are not needed and may be anything.
    stream_ +=
        fmt::format("commit {}\nmark :{}\nauthor {} 946684800 +0000\ncommitter {}\ndata {}\n{}from {}\n",
                    ref_, number, patch.author, kIdent, patch.message.size(), patch.message,
                    number == 1 ? source_.commit : fmt::format(":{}", number - 1));
    for (const auto& [path, entry] : files_) {
      if (now.count(path) != 0) continue;
      stream_ += fmt::format("D {}\n", quote(path));
      a.files.push_back(path);
    }
    for (const auto& [path, entry] : now) {
      if (const auto old = files_.find(path); old != files_.end() && old->second == entry) continue;
      stream_ += fmt::format("M {} {}\n", entry, quote(path));
      a.files.push_back(path);
    }
    std::sort(a.files.begin(), a.files.end());
    stream_ += fmt::format("\nget-mark :{}\n", number);
    files_ = std::move(now);
    applied_.push_back(std::move(a));
  }

  static std::string quote(const std::string& path) {
    std::string q = "\"";
    for (const char c : path) {
      if (c == '"' || c == '\\') q += '\\';
      q += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
    return q + "\"";
  }

  const Git& git_;
  const Source& source_;
  const std::string& ref_;
  const fs::path& temp_;
  std::map<std::string, std::string> env_;
  Files files_;
  std::string stream_;
  std::vector<Applied> applied_;
};

std::string key_of(const Source& source, const RawSeries& raw) {
  Sha256 key;
  key.field(kRecipe).field(source.commit).field(raw.keep_order ? "listed" : "numbered");
  for (const auto& file : raw.files) key.field(fs::path(file.name).filename().string()).field(file.text);
  return key.hex();
}

}  // namespace

Result<AppliedSeries> apply_patches(const Git& git, const Source& source, const std::vector<Patch>& patches,
                                    const std::string& ref, const fs::path& temp, const fs::path& objects) {
  Applier applier(git, source, ref, temp, objects);
  PINRIG_CHECK(applier.begin(patches));
  AppliedSeries series;
  int number = 0;
  for (const auto& patch : patches) {
    git.progress("applying " + patch.subject, static_cast<std::uint64_t>(number), patches.size());
    PINRIG_TRY(failure, applier.apply(++number, patch));
    if (failure) {
      series.failure = std::move(failure);
      break;
    }
  }
  PINRIG_TRY(applied, applier.finish());
  series.patches = std::move(applied);
  return series;
}

Result<AppliedSeries> apply_series(const Source& source, const model::Series& series, const Context& ctx) {
  PINRIG_TRY(git, Git::open(ctx));
  const auto named = [&](Error e) {
    const std::string at = series.where.line > 0 ? model::to_string(series.where) + ": " : "";
    return std::move(e).with_context(fmt::format("{}series {}", at, series.name));
  };
  auto raw = read_series(git, series);
  if (raw.has_error()) return named(std::move(raw).error());
  const std::string key = key_of(source, *raw);
  if (auto known = recall(source.repo, key)) {
    // Only a series that applies wholly is remembered: its patches are all there are.
    for (const auto& patch : known->patches) known->subjects.push_back(patch.subject);
    return std::move(*known);
  }
  PINRIG_TRY(lock, lock_file(source.repo / "pinrig-apply.lock", git));
  PINRIG_TRY(temp, TempDir::create(source.repo, "pinrig-apply-"));
  auto patches = decode_series(git, *raw, temp.path());
  if (patches.has_error()) return named(std::move(patches).error());
  auto applied = apply_patches(git, source, *patches, "refs/pinrig/series/" + key, temp.path(), raw->objects);
  if (applied.has_error()) return named(std::move(applied).error());
  for (const auto& patch : *patches) applied->subjects.push_back(patch.subject);
  // A failure is not kept: the blobs for a three-way merge may be there next time.
  if (!applied->failure) PINRIG_CHECK(remember(source.repo, key, *applied));
  return applied;
}

}  // namespace pinrig::git
