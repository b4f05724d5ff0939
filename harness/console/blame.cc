// SPDX-License-Identifier: GPL-2.0
#include "console/blame.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <vector>

namespace pinrig::console {
namespace {

// In each list names with blanks between them; "name*" stands for all that begin so, "a*b*" for those of them
// that have b further on.

/// What a report calls about itself.
constexpr std::string_view reporters = R"(
dump_stack* show_stack* dump_backtrace* panic vpanic nmi_panic oops_end oops_exit die __die*
die_addr page_fault_oops exc_page_fault asm_exc_* exc_invalid_op exc_general_protection
do_error_trap do_trap handle_bug report_bug __warn* warn_slowpath* __report_bug bug_handler
brk_handler call_break_hook early_brk64 do_debug_exception el1_* el1h_64_* el0_* el0t_64_*
do_mem_abort do_translation_fault do_page_fault __do_kernel_fault die_kernel_fault arm64_notify_die
arm64_serror_panic do_serror do_undefinstr bad_page print_bad_pte dump_page __dump_page* dump_folio
refcount_warn_saturate kasan_report* __kasan_report* print_report print_address_description*
kasan_check_range __kasan_check_* __asan_* __hwasan_* kasan_save_* kfence_report*
kfence_handle_page_fault kcsan_report* __tsan_* ubsan_epilogue ubsan_prologue __ubsan_*
lockdep_rcu_suspicious print_*_bug* check_noncircular __lock_acquire lock_acquire __might_resched
__might_sleep __might_fault __schedule* schedule* __list_add_valid* __list_del_entry_valid*
oom_kill_process dump_header out_of_memory fortify_panic __fortify_panic skb_panic skb_over_panic
skb_under_panic debug_print_object ___might_sleep check_preemption_disabled debug_smp_processor_id
__this_cpu_preempt_check sched_show_task show_state_filter panic_bad_stack handle_bad_stack
__bad_stack mem_cgroup_out_of_memory check_bytes_and_report check_object check_slab
alloc_debug_processing free_debug_processing object_err slab_err print_trailer __report_bad_irq
report_bad_irq note_interrupt handle_irq_event* spin_bug spin_dump rwlock_bug bad_mode
btrfs_assertfail assfail asswarn rust_helper_BUG _RNv*rust_begin_unwind _RNv*9panicking*
)";

/// Further ones that are entered by an interrupt or the watchdog.
constexpr std::string_view bystanders = R"(
watchdog_timer_fn __hrtimer_run_queues hrtimer_interrupt rcu_sched_clock_irq rcu_dump_cpu_stacks
print_cpu_stall* check_panic_on_warn end_report* fixup_exception invalidate_registers __switch_to*
nmi_cpu_backtrace* nmi_trigger_cpumask_backtrace arch_trigger_cpumask_backtrace
trigger_*cpu_backtrace rcu_gp_kthread rcu_gp_fqs_loop rcu_check_gp_kthread_starvation rcu_pending
update_process_times tick_* __sysvec_apic_timer_interrupt sysvec_apic_timer_interrupt asm_sysvec_*
arch_timer_handler_* handle_percpu_devid_irq generic_handle_domain_irq gic_handle_irq
call_on_irq_stack do_interrupt_handler
)";

/// What is done to an object of the caller, and fails for what the caller made of it: locks (kernel/locking),
/// timers and work items, debug objects, lists, strings and copies (lib, arch/*/lib), allocations (mm/slub.c,
/// mm/page_alloc.c: no pin is taken there), link counts of inodes (fs/inode.c), SRCU.
constexpr std::string_view helpers = R"(
__mutex_* mutex_* ww_mutex_* __ww_mutex_* rwsem_* down_* up_read* up_write* __up_read __up_write
__down* down percpu_rwsem_* __percpu_down_read percpu_down_* percpu_up_* _raw_spin_* _raw_read_*
_raw_write_* __raw_spin_* queued_spin_lock_slowpath native_queued_spin_lock_slowpath
queued_read_lock_slowpath queued_write_lock_slowpath __pv_queued_* do_raw_spin_* do_raw_read_*
do_raw_write_* rtlock_* rt_spin_* rt_mutex_* cpus_read_lock cpus_write_lock lock_sock* __lock_sock*
release_sock timer_delete* __timer_delete* del_timer* __del_timer* try_to_del_timer_sync
__try_to_del_timer_sync timer_shutdown* hrtimer_cancel hrtimer_try_to_cancel __flush_work*
flush_work* flush_delayed_work cancel_work* __cancel_work* cancel_delayed_work* __queue_work
queue_work_on queue_delayed_work* mod_delayed_work* drain_workqueue debug_object_* __debug_object_*
debug_check_no_obj_freed __debug_check_no_obj_freed debug_timer_assert_init cleanup_srcu_struct
memcpy* __memcpy* memset* __memset* memmove* __memmove* memcmp __pi_mem* __pi_str* strlen strnlen
strcmp strncmp strcpy strncpy* strscpy* sized_strscpy* strchr* strstr _copy_to_iter _copy_from_iter*
simple_copy_to_iter _copy_to_user _copy_from_user __arch_copy_* __arch_clear_user
rep_movs_alternative rep_stos_alternative copy_user_* clear_user_* __alloc_pages* alloc_pages*
__alloc_frozen_pages* alloc_frozen_pages* __get_free_pages* get_free_pages* get_zeroed_page*
___kmalloc* __kmalloc* kmalloc_* __do_kmalloc* __kvmalloc* kvmalloc* krealloc* kmemdup* kstrdup*
kmem_cache_alloc* __kmem_cache_alloc* ___slab_alloc __slab_alloc* slab_alloc* slab_post_alloc_hook
allocate_slab new_slab drop_nlink inc_nlink set_nlink
)";

/// lockdep's own machinery (kernel/locking/lockdep.c).
constexpr std::string_view lockdep = R"(
look_up_lock_class lock_is_held_type mark_lock* mark_held_locks mark_usage validate_chain
check_irq_usage check_prev* check_deadlock register_lock_class assign_lock_key lock_release
__lock_release lock_acquire* valid_state usage_match check_wait_context debug_check_no_locks_*
lockdep_*
)";

/// Where the kernel waits on behalf of others.
constexpr std::string_view waiters = R"(
wait_for_completion* __wait_for_common wait_for_common do_wait_for_common io_schedule*
blk_io_schedule folio_wait_* __folio_lock* folio_lock* wait_on_page_* __lock_page*
__filemap_get_folio* do_read_cache_* blk_mq_freeze_queue* __wait_on_bit* out_of_line_wait_*
bit_wait* wait_on_bit* wait_woken __wait_rcu_gp wait_rcu_gp* rcu_barrier* synchronize_*
__synchronize_* preempt_schedule* irqentry_* raw_irqentry_* irq_work_queue* asm_sysvec_* vprintk*
)";

constexpr std::string_view entries = R"(
do_syscall_64 x64_sys_call entry_SYSCALL* do_el0_svc el0_svc* invoke_syscall kthread ret_from_fork*
)";

class Names {
 public:
  Names(std::initializer_list<std::string_view> lists) {
    for (const std::string_view list : lists) add(list);
  }

  bool has(std::string_view name) const {
    return exact_.contains(name) ||
           std::any_of(begins_.begin(), begins_.end(),
                       [&](std::string_view pattern) { return fits(pattern, name); });
  }

 private:
  void add(std::string_view list) {
    constexpr std::string_view blank = " \n";
    for (std::size_t at = list.find_first_not_of(blank); at != std::string_view::npos;
         at = list.find_first_not_of(blank, at)) {
      const std::size_t end = std::min(list.find_first_of(blank, at), list.size());
      const std::string_view name = list.substr(at, end - at);
      if (name.find('*') == std::string_view::npos)
        exact_.insert(name);
      else
        begins_.push_back(name);
      at = end;
    }
  }

  static bool fits(std::string_view pattern, std::string_view name) {
    const std::size_t star = pattern.find('*');
    if (!name.starts_with(pattern.substr(0, star))) return false;
    const std::string_view rest = pattern.substr(star + 1);
    return rest.empty() || name.find(rest.substr(0, rest.find('*')), star) != std::string_view::npos;
  }

  std::unordered_set<std::string_view> exact_;
  std::vector<std::string_view> begins_;
};

}  // namespace

bool only_reports(std::string_view function) {
  static const Names names{reporters, bystanders, lockdep};
  return names.has(function);
}

bool serves_its_caller(std::string_view function) {
  static const Names names{helpers};
  return names.has(function);
}

bool only_enters(std::string_view function) {
  static const Names names{entries};
  return names.has(function);
}

bool only_waits(std::string_view function) {
  static const Names names{waiters};
  return names.has(function);
}

}  // namespace pinrig::console
