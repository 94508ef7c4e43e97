#include <fstream>
#include <set>

#include "absl/strings/str_cat.h"
#include "controller/topology/export.h"
#include "controller/topology/import.h"
#include "controller/topology/import_file.h"
#include "controller/topology/snapshot.h"
#include "northbound/cli/bundle_files.h"
#include "northbound/cli/change.h"
#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/kind.h"

namespace waymark::cli {
namespace {

absl::StatusOr<ImportResult> Import(Context& context, const std::string& file,
                                    TopologyFormat format) {
  if (file != "-") return ImportTopologyFile(file, format);
  const auto text = ReadInput(file, context.io().in);
  if (!text.ok()) return text.status();
  return ImportTopology("stdin", *text, format);
}

// Deletes what the server has and the file has not.
absl::Status AddReplaced(Client& client, const v1::Bundle& bundle, v1::ApplyRequest* request) {
  const std::vector<std::string> names = NamesIn(bundle);
  const std::set<std::string> kept(names.begin(), names.end());
  for (const Kind kind : {Kind::kLink, Kind::kNode, Kind::kSrlg}) {
    const auto now = client.List(kind, "", AsOf());
    if (!now.ok()) return now.status();
    for (const v1::Resource& resource : *now) {
      if (!kept.contains(NameOf(resource))) request->add_delete_(NameOf(resource));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Bundle> ServerTopology(Context& context) {
  const auto client = context.client();
  if (!client.ok()) return client.status();
  v1::Bundle bundle;
  const AsOf& as_of = context.globals().as_of;
  const auto nodes = (*client)->List(Kind::kNode, "", as_of);
  if (!nodes.ok()) return nodes.status();
  for (const auto& resource : *nodes) *bundle.add_nodes() = resource.node();
  const auto links = (*client)->List(Kind::kLink, "", as_of);
  if (!links.ok()) return links.status();
  for (const auto& resource : *links) *bundle.add_links() = resource.link();
  const auto srlgs = (*client)->List(Kind::kSrlg, "", as_of);
  if (!srlgs.ok()) return srlgs.status();
  for (const auto& resource : *srlgs) *bundle.add_srlgs() = resource.srlg();
  return bundle;
}

absl::Status WriteFile(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(
      path, ": cannot be written; check that the folder exists, is yours and has room"));
}

// What a file's name promises; "" where it says nothing.
std::string FormatOfName(const std::string& name) {
  for (const auto& [end, format] :
       {std::pair(".yaml", "yaml"), {".yml", "yaml"}, {".json", "rfc8345"}}) {
    if (name.ends_with(end)) return format;
  }
  return "";
}

void Warn(Context& context, const ImportResult& import) {
  for (const auto* warnings : {&import.warnings, &import.weight_warnings}) {
    for (const std::string& warning : *warnings) {
      context.io().err << "warning: " << Printable(warning) << '\n';
    }
  }
}

}  // namespace

absl::Status RunTopologyImport(Context& context, const ImportArgs& args) {
  const auto format = ParseFormatName(args.format);
  if (!format.ok()) {
    return UsageError(absl::StrCat("--format: ", absl::string_view(format.status().message())));
  }
  const auto read = Import(context, args.file, *format);
  if (!read.ok()) return read.status();
  Warn(context, *read);
  // For machines the reply to the change is the output; the counts would spoil it.
  std::ostream& out = context.globals().output == Output::kTable ? context.out() : context.io().err;
  out << Printable(args.file) << ": " << FormatName(read->format) << ", "
      << read->bundle.nodes_size() << " nodes, " << read->bundle.links_size() << " links, "
      << read->bundle.srlgs_size() << " risk groups\n";
  if (args.validate_only) {
    out << "valid, nothing changed\n";
    return absl::OkStatus();
  }
  v1::ApplyRequest request;
  *request.mutable_put() = read->bundle;
  if (args.replace) {
    const auto client = context.client();
    if (!client.ok()) return client.status();
    if (auto s = AddReplaced(**client, read->bundle, &request); !s.ok()) return s;
  }
  if (auto s = ConfirmChange(context, request, args.yes); !s.ok()) return s;
  return SendChange(context, request, FileBundle());
}

absl::Status RunTopologyExport(Context& context, const ExportArgs& args) {
  const std::string named = FormatOfName(args.output);
  if (!named.empty() && !args.format.empty() && named != args.format) {
    return UsageError(absl::StrCat("--format ", args.format, " and --output ", args.output,
                                   " contradict each other: leave --format out for ", named));
  }
  const std::string wanted = !args.format.empty() ? args.format : named;
  v1::Bundle bundle;
  if (args.graph.empty()) {
    auto now = ServerTopology(context);
    if (!now.ok()) return now.status();
    bundle = *std::move(now);
  } else {
    auto read = Import(context, args.graph, TopologyFormat::kAuto);
    if (!read.ok()) return read.status();
    Warn(context, *read);
    bundle = std::move(read->bundle);
  }
  const std::vector<v1::Node> nodes(bundle.nodes().begin(), bundle.nodes().end());
  const std::vector<v1::Link> links(bundle.links().begin(), bundle.links().end());
  const std::vector<v1::Srlg> srlgs(bundle.srlgs().begin(), bundle.srlgs().end());
  const auto snapshot = Snapshot::Build(nodes, links, srlgs);
  if (!snapshot.ok()) return snapshot.status();
  const auto format = ParseFormatName(wanted.empty() ? "rfc8345" : wanted);
  if (!format.ok()) return format.status();
  const auto text = ExportTopology(**snapshot, *format);
  if (!text.ok()) return text.status();
  if (!args.output.empty()) return WriteFile(args.output, *text);
  context.out() << *text;
  return absl::OkStatus();
}

}  // namespace waymark::cli
