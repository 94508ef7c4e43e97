#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <streambuf>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "northbound/cli/cli.h"
#include "northbound/cli/exit_code.h"

namespace {

// Standard output that remembers why writing failed: a reader that has gone away (`waymark get
// links | head`) is no failure, a full disk is.
class OutputBuffer final : public std::streambuf {
 public:
  OutputBuffer() { setp(data_, data_ + sizeof(data_)); }

  int error() const { return error_; }

 protected:
  int overflow(int c) override {
    if (sync() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof())) {
      *pptr() = traits_type::to_char_type(c);
      pbump(1);
    }
    return traits_type::not_eof(c);
  }

  int sync() override {
    const char* at = pbase();
    while (at < pptr()) {
      const ssize_t n = ::write(STDOUT_FILENO, at, static_cast<size_t>(pptr() - at));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        if (error_ == 0) error_ = errno;
        return -1;
      }
      at += n;
    }
    setp(data_, data_ + sizeof(data_));
    return 0;
  }

 private:
  char data_[64 << 10];
  int error_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  using waymark::cli::ExitCode;
  std::signal(SIGPIPE, SIG_IGN);
  // gRPC's own lines would stand between ours.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  OutputBuffer buffer;
  std::ostream out(&buffer);
  waymark::cli::Io io{.in = std::cin,
                      .out = out,
                      .err = std::cerr,
                      .interactive = isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0,
                      .color = isatty(STDOUT_FILENO) != 0};
  const int code = waymark::cli::RunCli(std::vector<std::string>(argv + 1, argv + argc), io,
                                        waymark::RealClock());
  out.flush();
  if (buffer.error() != 0 && buffer.error() != EPIPE) {
    std::cerr << "waymark: cannot write the output: "
              << std::generic_category().message(buffer.error()) << '\n';
    return static_cast<int>(ExitCode::kFailed);
  }
  return code;
}
