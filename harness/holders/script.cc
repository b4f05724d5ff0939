// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include "holders/capture.h"

namespace pinrig::holders {
namespace {

/// Room for the events of each CPU.
constexpr int buffer_kib = 12288;
/// Of a serial port that prints some hundred KiB in a second.
constexpr int most_lines = 60000;
/// Pages that page_owner is asked about.
constexpr int most_owners = 24;

/// Prints each stack once: later ones are the number of the first. Counts pins as read_capture()'s users do,
/// to know which pages to ask page_owner about: all that are not zero at the end.
constexpr const char* compact = R"(
function close_stack() {
  if (open) { if (key in seen) print "=" seen[key]; else { seen[key] = ++n; printf "+%d\n%s", n, key } }
  open = 0; key = ""
}
cut { next }
/^ *=> / { if (open) key = key $0 "\n"; next }
{ close_stack() }
/<stack trace>/ { print; open = 1; next }
/ page_ref_/ {
  if (++printed > MOST) { if (!cut) { print "pinrig: cut"; cut = 1 } next }
  print
  p = ""; v = 0
  for (i = 1; i <= NF; i++) {
    if ($i ~ /^pfn=/) p = substr($i, 5)
    if ($i ~ /^val=/) v = substr($i, 5) + 0
  }
  sum[p] += v
  next
}
/^#.*entries-written|LOST/ { print }
END { close_stack(); for (p in sum) if (sum[p] > 0 && ++m <= OWNERS) print "pinrig: ask " p }
)";

}  // namespace

std::string script(const std::string& test_command, std::optional<int> head_flag) {
  std::string filter = fmt::format("val >= {0} || val <= -{0} || count >= {0}", bias - 1);
  if (head_flag) filter += fmt::format(" || flags & {:#x}", std::uint64_t{1} << *head_flag);
  std::string out = fmt::format(
      "mount -t tracefs nodev /sys/kernel/tracing 2>/dev/null\n"
      "mount -t debugfs nodev /sys/kernel/debug 2>/dev/null\n"
      "cd /sys/kernel/tracing/events/page_ref 2>/dev/null || {{ echo 'pinrig: no page_ref'; exit 3; }}\n"
      "cd ../..; echo 0 > tracing_on; echo nop > current_tracer; echo {0} > buffer_size_kb; echo > trace\n"
      "for o in sym-addr nohash-ptr nosym-offset norecord-tgid; do echo $o > trace_options 2>/dev/null; "
      "done\n"
      "for e in page_ref_mod page_ref_mod_and_test page_ref_mod_and_return page_ref_mod_unless; do\n"
      "  echo '{1}' > events/page_ref/$e/filter\n"
      "  echo 'stacktrace if {1}' > events/page_ref/$e/trigger\n"
      "  echo 1 > events/page_ref/$e/enable\ndone\n",
      buffer_kib, filter);
  const char* counters = "echo 1 > /proc/sys/vm/stat_refresh; grep nr_foll_pin /proc/vmstat";
  out += fmt::format("before=$({})\n", counters);
  out += fmt::format("(echo 1 > /sys/kernel/tracing/tracing_on; {})\ncode=$?\n", test_command);
  // What is released after the last process is gone: by workqueues, RCU and completions.
  out += "sleep 1; cd /sys/kernel/tracing; echo 0 > tracing_on\n";
  out += fmt::format("after=$({})\n", counters);
  out += fmt::format("cat > /tmp/compact.awk <<'PINRIG_END'{}PINRIG_END\n", compact);
  out += fmt::format("awk -v MOST={} -v OWNERS={} -f /tmp/compact.awk trace > /tmp/compact\n", most_lines,
                     most_owners);
  out +=
      "echo; echo 'pinrig: holders begin'; echo \"$before\" | sed 's/^/before /'; echo \"$after\" | sed "
      "'s/^/after "
      "/'\n"
      "echo \"pinrig: exit code $code\"\n"
      "grep -h overrun per_cpu/cpu*/stats\n"
      "cat /tmp/compact\n"
      // The file's offset is a page frame number, of which each read gives one.
      "for p in $(sed -n 's/^pinrig: ask //p' /tmp/compact); do\n"
      "  dd if=/sys/kernel/debug/page_owner bs=4096 count=1 iflag=skip_bytes skip=$(($p)) 2>/dev/null; echo\n"
      "done\n"
      "echo 'pinrig: holders end'\n"
      // Setting the terminal waits until it has sent everything: the guest's end would cut off the rest.
      "stty -echo 2>/dev/null || sleep 2\n";
  return out;
}

}  // namespace pinrig::holders
