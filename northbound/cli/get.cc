#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/kind.h"
#include "northbound/cli/print.h"

namespace waymark::cli {

absl::Status RunGet(Context& context, const GetArgs& args) {
  const auto kind = FindKind(args.kind);
  if (!kind.ok()) return kind.status();
  std::vector<std::string> names;
  for (const std::string& text : args.names) {
    auto name = ResourceName(*kind, text, args.customer);
    if (!name.ok()) return name.status();
    names.push_back(*std::move(name));
  }
  const auto client = context.client();
  if (!client.ok()) return client.status();
  if (names.empty()) {
    const auto all = (*client)->List(*kind, args.customer, context.globals().as_of);
    if (!all.ok()) return all.status();
    PrintResources(context, *kind, *all, Shape::kList);
    return absl::OkStatus();
  }
  std::vector<v1::Resource> found;
  for (const std::string& name : names) {
    auto one = (*client)->Get(*kind, name, context.globals().as_of);
    if (!one.ok()) return one.status();
    found.push_back(*std::move(one));
  }
  PrintResources(context, *kind, found, found.size() == 1 ? Shape::kSingle : Shape::kList);
  return absl::OkStatus();
}

}  // namespace waymark::cli
