// What every command gets: streams, the global flags, and the controller when it needs one.
#ifndef WAYMARK_NORTHBOUND_CLI_CONTEXT_H_
#define WAYMARK_NORTHBOUND_CLI_CONTEXT_H_

#include <istream>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "controller/base/clock.h"
#include "northbound/cli/connect_options.h"
#include "northbound/cli/format.h"

namespace waymark::cli {

class Client;

struct Io {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  // A person sits at `in` and `err` and can be asked.
  bool interactive = false;
  // `out` is a terminal that shows colors.
  bool color = false;
};

enum class Output { kTable, kJson, kYaml, kName };

struct Globals {
  ConnectOptions connect;
  AsOf as_of;
  Output output = Output::kTable;
  bool timeout_given = false;
};

// Not thread-safe.
class Context {
 public:
  Context(Io& io, const Globals& globals, const Clock& clock);
  ~Context();

  Io& io() { return io_; }
  std::ostream& out() { return io_.out; }
  const Globals& globals() const { return globals_; }
  Color color() const { return io_.color ? Color::kStates : Color::kNever; }
  const Clock& clock() const { return clock_; }
  // Made at the first call, so that offline commands never touch TLS files.
  absl::StatusOr<Client*> client();

  // Asks on `err` when a person is there and `yes` is not set; true without asking otherwise.
  bool Confirm(const std::string& question, const bool yes);

 private:
  Io& io_;
  const Globals& globals_;
  const Clock& clock_;
  std::unique_ptr<Client> client_;
};

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_CONTEXT_H_
