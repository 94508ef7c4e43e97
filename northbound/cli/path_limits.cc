#include "northbound/cli/path_limits.h"

#include <atomic>
#include <csignal>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/flag_words.h"
#include "northbound/cli/format.h"
#include "northbound/cli/path_routes.h"

namespace waymark::cli {
namespace {

constexpr int kMaxThreads = 64;
// How long a run may take before a person at a terminal is told how far it is.
constexpr absl::Duration kQuietTime = absl::Seconds(1);
constexpr absl::Duration kProgressInterval = absl::Milliseconds(200);
// Where there is no terminal, whose line can be written over: a line this often at least, and every
// ten per cent.
constexpr absl::Duration kLineInterval = absl::Seconds(2);

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void Interrupt(int) { interrupted.store(true); }

class Progress {
 public:
  Progress(Context& context, bool always)
      : err_(context.io().err),
        terminal_(context.io().interactive),
        always_(always),
        clock_(context.clock()),
        begin_(clock_.Monotonic()),
        shown_at_(begin_) {}

  void Show(size_t done, size_t all) {
    if (!terminal_ && !always_) return;
    const absl::Duration now = clock_.Monotonic();
    const size_t percent = done * 100 / all;
    if (terminal_) {
      if (now - begin_ < kQuietTime || (now - shown_at_ < kProgressInterval && done < all)) return;
      shown_at_ = now;
      err_ << absl::StrFormat("\rto %d of %d nodes, %d %%", done, all, percent) << std::flush;
      if (done == all) err_ << '\n';
      open_ = done < all;
    } else if (percent / 10 > tenths_ || done == all || now - shown_at_ >= kLineInterval) {
      tenths_ = percent / 10;
      shown_at_ = now;
      err_ << absl::StrFormat("to %d of %d nodes, %d %%\n", done, all, percent) << std::flush;
    }
  }

  // A message may follow.
  ~Progress() {
    if (open_) err_ << '\n';
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  std::ostream& err_;
  const bool terminal_, always_;
  const Clock& clock_;
  const absl::Duration begin_;
  absl::Duration shown_at_;
  size_t tenths_ = 0;
  bool open_ = false;
};

}  // namespace

absl::StatusOr<PathLimits> PathLimits::Read(Context& context, const std::string& threads,
                                            const std::string& time_limit) {
  PathLimits limits(context.clock());
  if (!threads.empty() && (!absl::SimpleAtoi(threads, &limits.threads_) || limits.threads_ < 1 ||
                           limits.threads_ > kMaxThreads)) {
    return UsageError(
        absl::StrCat("--threads \"", threads, "\": give a whole number, 1 to ", kMaxThreads));
  }
  if (time_limit.empty()) return limits;
  if (!CheckDuration(time_limit).empty()) {
    return UsageError(absl::StrCat("--time-limit \"", time_limit,
                                   "\": give more than 0 and at most 24 h, e.g. 30s or 500ms"));
  }
  limits.time_limit_ = time_limit;
  limits.end_ = context.clock().Monotonic() + ToDuration(time_limit);
  return limits;
}

absl::Status PathLimits::GoOn() const {
  if (interrupted.load()) return absl::CancelledError("interrupted: nothing is written");
  if (end_ == absl::InfiniteDuration() || clock_->Monotonic() < end_) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("the time limit of ", time_limit_, " is over: nothing is written"));
}

InterruptGuard::InterruptGuard() {
  interrupted.store(false);
  interrupt_ = std::signal(SIGINT, Interrupt);
  terminate_ = std::signal(SIGTERM, Interrupt);
}

InterruptGuard::~InterruptGuard() {
  std::signal(SIGINT, interrupt_);
  std::signal(SIGTERM, terminate_);
  interrupted.store(false);
}

absl::Status RunAllPairs(Context& context, const PathComputeArgs& args, const PathLimits& limits,
                         const GraphFile& file, const PathConstraints& constraints) {
  const InterruptGuard guard;
  RoutesSummary summary;
  {
    Progress progress(context, args.progress);
    const absl::Status status =
        WriteRoutes(file, constraints,
                    {.file = args.routes,
                     .threads = limits.threads(),
                     .go_on = [&] { return limits.GoOn(); },
                     .progress = [&](size_t done, size_t all) { progress.Show(done, all); }},
                    &summary);
    if (!status.ok()) return status;
  }
  // Standard output may be where the routes go.
  std::ostream& err = context.io().err;
  err << Printable(args.routes) << ": " << summary.pairs << " pairs, " << summary.unreachable
      << " without a path";
  if (constraints.protection.any()) err << ", " << summary.unprotected << " without a disjoint one";
  if (summary.shared > 0) err << ", " << summary.shared << " that share risks";
  if (summary.undecided > 0) err << ", " << summary.undecided << " not proven";
  err << '\n';
  return absl::OkStatus();
}

}  // namespace waymark::cli
