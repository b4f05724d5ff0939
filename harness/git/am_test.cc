// SPDX-License-Identifier: GPL-2.0
// A series gives the trees that git am --3way gives: small made-up histories, by chance from fixed seeds. The
// base is the tree that the patches were made on, changed: lines moved and rewritten, files renamed, deleted,
// made executable, with a part of a patch already in it.
#include <random>

#include "base/text.h"
#include "git/testing.h"

namespace pinrig::git {
namespace {

// 20: git apply --3way would replace what is in the new place of a renamed file. 168: a renamed file that is
// already in its new place. 202: a mode that the file already has.
constexpr unsigned kSeeds[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 168, 202};

struct Entry {
  std::string mode = "100644";
  std::string text;
  bool operator==(const Entry&) const = default;
};
using Content = std::map<std::string, Entry>;

std::string lines_of(const std::string& word, int count, const std::string& end = "\n") {
  std::string text;
  for (int i = 1; i <= count; ++i) text += word + " line " + std::to_string(i) + end;
  return text;
}

Content first_content() {
  std::string bytes;
  for (int i = 0; i < 400; ++i) bytes += static_cast<char>(i * 7);
  return {{"Makefile", {"100644", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n"}},
          {"mm/gup.c", {"100644", lines_of("gup", 60)}},
          {"mm/swap.c", {"100644", lines_of("swap", 40)}},
          {"fs/two words.c", {"100644", lines_of("two", 30)}},
          {"fs/d\xc3\xa9j\xc3\xa0.c", {"100644", lines_of("deja", 25)}},
          {"dos.inf", {"100644", lines_of("dos", 20, "\r\n")}},
          {"scripts/run.sh", {"100755", lines_of("run", 15)}},
          {"no-end", {"100644", lines_of("end", 12) + "last"}},
          {"firmware.bin", {"100644", bytes}},
          {"link", {"120000", "mm/gup.c"}}};
}

/// Changes by chance. std::mt19937 gives the same numbers everywhere; distributions do not.
class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}

  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  void change(Content& content) {
    const std::string name = pick(content);
    switch (below(9)) {
      case 0:
        rename(content, name);
        break;
      case 1:
        rename(content, name);
        edit(content[pick(content)]);
        break;
      case 2:
        flip_mode(content[name]);
        break;
      case 3:
        content["new/" + std::to_string(below(3))] = {"100644", lines_of("new", 5 + below(3))};
        break;
      case 4:
        content.erase(name);
        break;
      default:
        edit(content[name]);
    }
  }

  /// One file as a patch leaves it: a part of the series is in the base already.
  void take_part(Content& content, const Content& before, const Content& after) {
    for (const auto& [name, entry] : after) {
      const auto old = before.find(name);
      if ((old != before.end() && old->second == entry) || below(2) == 0) continue;
      content[name] = entry;
      return;
    }
  }

 private:
  std::string pick(const Content& content) {
    auto it = content.begin();
    std::advance(it, below(static_cast<int>(content.size())));
    return it->first == "Makefile" || it->second.mode == "120000" ? "mm/gup.c" : it->first;
  }

  void rename(Content& content, const std::string& name) {
    if (!content.contains(name)) return;
    Entry entry = content[name];
    if (below(2) == 0) edit(entry);
    content.erase(name);
    content["moved/" + std::to_string(below(4))] = entry;
  }

  static void flip_mode(Entry& entry) { entry.mode = entry.mode == "100644" ? "100755" : "100644"; }

  void edit(Entry& entry) {
    if (entry.text.find('\0') != std::string::npos) {
      char& byte = entry.text[static_cast<std::size_t>(below(static_cast<int>(entry.text.size())))];
      byte = byte == 'x' ? 'y' : 'x';
      return;
    }
    std::vector<std::string> all = split(entry.text, '\n');
    const auto at = static_cast<std::size_t>(below(static_cast<int>(all.size())));
    const auto there = all.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(3)) {
      case 0:
        all[at].insert(0, "changed " + std::to_string(below(3)) + " ");
        break;
      case 1:
        all.insert(there, static_cast<std::size_t>(1 + below(4)), "more " + std::to_string(below(3)));
        break;
      default:
        all.erase(there);
    }
    entry.text = join(all, "\n");
  }

  std::mt19937 random_;
};

/// The trees of the patches, the base, and the text of git fast-import that makes commits of them.
struct History {
  std::vector<Content> points{first_content()};  ///< what the patches were made on, then after each
  Content base = first_content();

  explicit History(unsigned seed) {
    Chance chance(seed);
    for (int patch = 1 + chance.below(3); patch > 0; --patch) {
      Content next = points.back();
      for (int n = 1 + chance.below(3); n > 0 || next == points.back(); --n) chance.change(next);
      points.push_back(std::move(next));
    }
    for (int n = chance.below(4); n > 0; --n) chance.change(base);
    if (chance.below(3) == 0) chance.take_part(base, points[0], points[1]);
  }
};

std::string commit_text(const std::string& branch, const Content& content, const std::string& message) {
  std::string out = "commit refs/heads/" + branch +
                    "\ncommitter A. Developer <dev@example.org> 946684800 +0000\ndata " +
                    std::to_string(message.size()) + "\n" + message + "\ndeleteall\n";
  for (const auto& [name, entry] : content)
    out += "M " + entry.mode + " inline \"" + name + "\"\ndata " + std::to_string(entry.text.size()) + "\n" +
           entry.text + "\n";
  return out;
}

class AmTest : public SourceTest {
 protected:
  /// How git am or pinrig ended.
  struct Outcome {
    std::vector<std::string> trees;
    bool whole = true;
    bool repeated = false;  ///< a patch changes nothing: git am goes on, pinrig refuses the series
  };

  Source repository(const std::string& name, const std::string& stream) {
    const fs::path repo = path(name);
    git(dir_.path(), {"init", "--quiet", "--initial-branch=main", repo.string()});
    Call import;
    import.cwd = repo;
    import.args = {"fast-import", "--quiet"};
    import.input = stream;
    EXPECT_TRUE(Git::open(ctx_)->run_ok(import).has_value());
    model::KernelBase base;
    base.name = name;
    base.source = model::KernelBase::Git{repo.string(), "onto-0"};
    auto source = import_base(base, ctx_);
    EXPECT_TRUE(source.has_value()) << source.error().message;
    return *source;
  }

  Outcome am(const std::string& name, const std::string& onto, const fs::path& mbox) {
    const fs::path repo = path(name);
    std::error_code ec;
    fs::remove_all(repo / ".git/rebase-apply", ec);
    git(repo, {"checkout", "--quiet", "--force", "--detach", onto});
    Call call;
    call.cwd = repo;
    call.args = {"am", "--3way", "--keep-cr", mbox.string()};
    const auto done = Git::open(ctx_)->run(call);
    EXPECT_TRUE(done.has_value());
    Outcome out;
    out.whole = process::succeeded(done->status);
    out.repeated = done->out.find("Patch already applied") != std::string::npos;
    said_ = done->out + done->err;
    const auto log = git(repo, {"log", "--reverse", "--format=%T", onto + "..HEAD"});
    auto before = git(repo, {"rev-parse", onto + "^{tree}"});
    for (const auto tree : lines(log)) {
      out.repeated = out.repeated || tree == before;
      out.trees.emplace_back(tree);
      before = tree;
    }
    if (!out.whole) git(repo, {"clean", "-fdq"});
    return out;
  }

  Outcome pinrig(Source source, const std::string& onto, const fs::path& repo, const fs::path& mbox) {
    source.commit = git(repo, {"rev-parse", onto});
    source.tree = git(repo, {"rev-parse", onto + "^{tree}"});
    model::Series series;
    series.name = "tested";
    series.patches = model::Series::Mbox{mbox.string()};
    const auto got = apply_series(source, series, ctx_);
    Outcome out;
    if (got.has_error()) {
      EXPECT_THAT(got.error().message, ::testing::HasSubstr("changes nothing"));
      out.repeated = true;
      return out;
    }
    for (const auto& patch : got->patches) out.trees.push_back(patch.tree);
    out.whole = !got->failure;
    if (got->failure) said_ += to_string(*got->failure) + "\n" + got->failure->detail;
    return out;
  }

  void compare(const Source& source, unsigned seed, const fs::path& mbox) {
    const std::string onto = "onto-" + std::to_string(seed);
    const auto theirs = am(source.name, onto, mbox);
    const auto ours = pinrig(source, onto, path(source.name), mbox);
    EXPECT_EQ(ours.repeated, theirs.repeated) << said_;
    if (theirs.repeated || ours.repeated) return;
    EXPECT_EQ(ours.whole, theirs.whole) << said_;
    EXPECT_EQ(ours.trees, theirs.trees) << said_;
    ++(theirs.whole ? applied_ : failed_);
  }

  std::string said_;
  int applied_ = 0;
  int failed_ = 0;
};

TEST_F(AmTest, TheTreesAreThoseOfGitAm) {
  std::string with_blobs;
  std::string alone;
  for (const unsigned seed : kSeeds) {
    const History history(seed);
    const auto number = std::to_string(seed);
    for (std::size_t n = 0; n < history.points.size(); ++n)
      with_blobs += commit_text("topic-" + number, history.points[n], "patch " + std::to_string(n));
    const auto base = commit_text("onto-" + number, history.base, "base");
    with_blobs += base;
    alone += base;
  }
  // What the patches were made on is known in one repository, and not in the other.
  const Source far = repository("far", with_blobs);
  const Source near = repository("near", alone);
  for (const unsigned seed : kSeeds) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto number = std::to_string(seed);
    const fs::path mbox = path("series-" + number + ".mbox");
    const char* const kinds[] = {"--full-index", "--no-renames", "-U1"};
    const auto count = std::to_string(History(seed).points.size() - 1);
    git(path("far"), {"format-patch", "--quiet", "--binary", kinds[seed % 3], "--output=" + mbox.string(),
                      "topic-" + number + "~" + count + "..topic-" + number});
    compare(far, seed, mbox);
    compare(near, seed, mbox);
  }
  EXPECT_GT(applied_, 0);
  EXPECT_GT(failed_, 0);
}

}  // namespace
}  // namespace pinrig::git
