// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "gc/gc.h"

namespace pinrig::gc {
namespace {

// A run makes its folder before it locks it: what is younger may be about to become one.
constexpr std::time_t too_young_s = 3600;

std::time_t changed(const fs::path& path) {
  struct stat st = {};
  return ::lstat(path.c_str(), &st) == 0 ? st.st_mtim.tv_sec : 0;
}

std::uintmax_t blocks_of(const fs::path& path) {
  struct stat st = {};
  return ::lstat(path.c_str(), &st) == 0 ? static_cast<std::uintmax_t>(st.st_blocks) * 512 : 0;
}

std::uintmax_t size_of(const fs::path& path) {
  std::uintmax_t sum = blocks_of(path);
  std::error_code ec;
  if (!fs::is_directory(fs::symlink_status(path, ec))) return sum;
  // Others may remove files while we count: what is gone counts nothing.
  for (fs::recursive_directory_iterator it(path, fs::directory_options::skip_permission_denied, ec), end;
       !ec && it != end; it.increment(ec))
    sum += blocks_of(it->path());
  return sum;
}

bool is_held(const fs::path& lock) {
  std::error_code ec;
  if (lock.empty() || !fs::exists(lock, ec)) return false;
  const auto taken = FileLock::try_acquire(lock);
  return taken.has_error() || !*taken;
}

std::vector<fs::path> entries(const fs::path& dir) {
  std::vector<fs::path> out;
  std::error_code ec;
  for (fs::directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec)) out.push_back(it->path());
  std::sort(out.begin(), out.end());
  return out;
}

// Made by the boot of one guest (vm/job_files.cc) and removed at its end, unless pinrig is killed.
bool is_guest_leftover(const std::string& name) {
  return name == "initramfs.img" ||
         (name.ends_with(".raw") && name != "console.raw" && name != "results.raw");
}

std::vector<fs::path> guest_leftovers(const fs::path& run_dir) {
  std::vector<fs::path> out;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(run_dir, ec), end; !ec && it != end; it.increment(ec)) {
    if (is_guest_leftover(it->path().filename().string())) out.push_back(it->path());
  }
  return out;
}

void add_strings(const nlohmann::json& j, const std::string& prefix, std::set<std::string>& to) {
  if (j.is_string() && j.get_ref<const std::string&>().starts_with(prefix)) to.insert(j.get<std::string>());
  if (j.is_structured()) {
    for (const auto& part : j) add_strings(part, prefix, to);
  }
}

// The files of the cache that the jobs of a run start from, as job.json and manifest.json name them.
std::set<std::string> named_files(const fs::path& run_dir, const fs::path& cache) {
  std::set<std::string> out;
  std::error_code ec;
  for (fs::recursive_directory_iterator it(run_dir, ec), end; !ec && it != end; it.increment(ec)) {
    const std::string name = it->path().filename().string();
    if (name != "job.json" && name != "manifest.json") continue;
    if (const auto text = read_file(it->path()); text.has_value())
      add_strings(nlohmann::json::parse(*text, nullptr, false), cache.string() + "/", out);
  }
  return out;
}

class Inventory {
 public:
  Inventory(const Paths& paths) : paths_(paths) {}

  void add_runs(const std::vector<store::RunRow>& rows) {
    std::set<std::string> known;
    for (const auto& row : rows) {
      const fs::path dir = row.dir;
      known.insert(dir.lexically_normal().string());
      Item run{Kind::run, row.id, dir, dir / "alive.lock", size_of(dir), started(row)};
      run.in_use = is_held(run.lock);
      for (const auto& file : named_files(dir, paths_.cache)) needed_[file].push_back(row.id);
      if (!run.in_use) {
        for (const auto& file : guest_leftovers(dir)) add_leftover(file, run.lock, paths_.state);
      }
      items_.push_back(std::move(run));
    }
    for (const auto& dir : entries(paths_.state / "runs")) {
      if (known.contains(dir.lexically_normal().string())) continue;
      if (changed(dir) + too_young_s > std::time(nullptr)) continue;
      add_leftover(dir, dir / "alive.lock", paths_.state);
    }
  }

  void add_cache() {
    const fs::path& c = paths_.cache;
    for (const auto& path : entries(c / "kernels")) add(Kind::kernel, path, {});
    for (const auto& path : entries(c / "logs")) add(Kind::build_log, path, {});
    auto roots = entries(c / "slots");  // further places to build in (git/checkout.cc)
    roots.push_back(c);
    for (const auto& root : roots) {
      for (const auto& path : entries(root / "build")) add(Kind::build_dir, path, beside(path));
      for (const auto& path : entries(root / "worktrees")) add(Kind::worktree, path, beside(path));
    }
    for (const auto& path : entries(c / "guest")) add(Kind::guest_programs, path, hidden(path));
    for (const auto& path : entries(c / "sysroots")) add(Kind::sysroot, path, hidden(path));
    for (const auto& path : entries(c / "images")) add(Kind::image, path, hidden(path));
    for (const auto& path : entries(c / "sources")) {
      if (path.filename().string().starts_with("range-")) add_leftover(path, {}, c);
      if (path.extension() == ".git" || path.filename().string().starts_with("."))
        add(Kind::source, path, {});
    }
    for (const auto& suite : entries(c / "debian")) {
      for (const auto& path : entries(suite)) add(Kind::source, path, {});
    }
  }

  std::vector<Item> take() {
    for (auto& item : items_) {
      for (const auto& [file, runs] : needed_) {
        if (file != item.path.string() && !file.starts_with(item.path.string() + "/")) continue;
        for (const auto& id : runs) {
          if (std::find(item.needed_by.begin(), item.needed_by.end(), id) == item.needed_by.end())
            item.needed_by.push_back(id);
        }
      }
    }
    std::stable_sort(items_.begin(), items_.end(),
                     [](const Item& a, const Item& b) { return a.used > b.used; });
    return std::move(items_);
  }

 private:
  static fs::path beside(const fs::path& path) { return path.string() + ".lock"; }
  static fs::path hidden(const fs::path& path) {
    return path.parent_path() / ("." + path.filename().string() + ".lock");
  }

  static std::time_t started(const store::RunRow& row) {
    std::tm tm = {};
    return ::strptime(row.started.c_str(), "%Y-%m-%dT%H:%M:%SZ", &tm) != nullptr ? ::timegm(&tm)
                                                                                 : changed(row.dir);
  }

  void add(Kind kind, const fs::path& path, const fs::path& lock) {
    const std::string name = path.filename().string();
    // The hash of an image goes with it.
    if (name.ends_with(".lock") || name.ends_with(".sha256")) return;
    // What is published gets its name by a rename: these were not, or are what a collection did not finish.
    if (name.starts_with(".") || name.ends_with(".tmp")) return add_leftover(path, lock, paths_.cache);
    Item item{kind, path.lexically_relative(paths_.cache).string(), path, lock, size_of(path), changed(path)};
    item.in_use = is_held(lock);
    if (kind == Kind::image) item.companion = path.parent_path() / ("." + name + ".sha256");
    items_.push_back(std::move(item));
  }

  void add_leftover(const fs::path& path, const fs::path& lock, const fs::path& top) {
    Item item{Kind::leftover, path.lexically_relative(top).string(), path, lock, size_of(path),
              changed(path)};
    item.in_use = is_held(lock);
    items_.push_back(std::move(item));
  }

  const Paths& paths_;
  std::vector<Item> items_;
  std::map<std::string, std::vector<std::string>> needed_;  // file -> runs
};

std::string plural(Kind kind, int count) {
  if (count == 1 || kind == Kind::guest_programs) return to_string(kind);
  return kind == Kind::build_dir ? "build directories" : std::string(to_string(kind)) + "s";
}

}  // namespace

const char* to_string(Kind kind) {
  switch (kind) {
    case Kind::run:
      return "run";
    case Kind::leftover:
      return "leftover";
    case Kind::kernel:
      return "kernel";
    case Kind::build_dir:
      return "build directory";
    case Kind::build_log:
      return "build log";
    case Kind::worktree:
      return "worktree";
    case Kind::guest_programs:
      return "guest programs";
    case Kind::sysroot:
      return "sysroot";
    case Kind::image:
      return "image";
    case Kind::source:
      return "source";
  }
  return "?";
}

std::string totals(const std::vector<Item>& items) {
  std::map<Kind, std::pair<int, std::uintmax_t>> sums;
  for (const auto& item : items) {
    auto& [count, bytes] = sums[item.kind];
    ++count;
    bytes += item.bytes;
  }
  std::vector<std::string> parts;
  for (const auto& [kind, sum] : sums)
    parts.push_back(fmt::format("{} {} {}", sum.first, plural(kind, sum.first), human_bytes(sum.second)));
  return parts.empty() ? "nothing" : join(parts, ", ");
}

Result<std::vector<Item>> take_inventory(const Paths& paths, const store::Store& store) {
  PINRIG_TRY(rows, store.runs(1 << 30));
  Inventory inventory(paths);
  inventory.add_runs(rows);
  inventory.add_cache();
  return inventory.take();
}

std::uintmax_t remove_guest_leftovers(const fs::path& run_dir) {
  std::uintmax_t bytes = 0;
  for (const auto& file : guest_leftovers(run_dir)) {
    const auto size = size_of(file);
    std::error_code ec;
    if (fs::remove(file, ec)) bytes += size;
  }
  return bytes;
}

}  // namespace pinrig::gc
