#include "northbound/cli/context.h"

#include <string>

#include "northbound/cli/client.h"

namespace waymark::cli {

Context::Context(Io& io, const Globals& globals, const Clock& clock)
    : io_(io), globals_(globals), clock_(clock) {}

Context::~Context() = default;

absl::StatusOr<Client*> Context::client() {
  if (client_ == nullptr) {
    auto made = Client::Create(globals_.connect, clock_);
    if (!made.ok()) return made.status();
    client_ = *std::move(made);
  }
  return client_.get();
}

bool Context::Confirm(const std::string& question, const bool yes) {
  if (yes || !io_.interactive) return true;
  io_.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(io_.in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace waymark::cli
