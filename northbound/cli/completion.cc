#include "northbound/cli/completion.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "northbound/cli/kind.h"

namespace waymark::cli {
namespace {

std::vector<std::string> FlagsOf(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
  }
  return flags;
}

std::vector<std::string> CommandsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  return names;
}

// One case a command path: what may follow it.
void AppendCases(const CLI::App& app, const std::string& path, std::string* out) {
  const std::vector<std::string> commands = CommandsOf(app);
  absl::StrAppend(out, "    \"", path, "\") flags=\"", absl::StrJoin(FlagsOf(app), " "),
                  "\"; words=\"", absl::StrJoin(commands, " "), "\" ;;\n");
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    AppendCases(*command, absl::StrCat(path, path.empty() ? "" : " ", command->get_name()), out);
  }
}

constexpr char kBash[] =
    R"sh(# Completion of waymark for bash. Load it with:  source <(waymark completion bash)
_waymark_names() {
  timeout 1 waymark get "$1" -o name 2>/dev/null
}

_waymark() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
  local path="" kind="" flags="" words="" word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${COMP_WORDS[i]}"
    case " $path $word " in
      " get $word "|" describe $word "|" delete $word "|" watch $word ")
        [[ $word == -* || -n $kind ]] || kind="$word" ;;
    esac
    case "$path${path:+ }$word" in
      @PATHS@) path="$path${path:+ }$word" ;;
    esac
  done
  case "$path" in
@CASES@  esac
  case "$prev" in
    -o|--output-format) COMPREPLY=($(compgen -W "table json yaml name" -- "$cur")); return ;;
    --customer) COMPREPLY=($(compgen -W "$(_waymark_names customers)" -- "$cur")); return ;;
    --from|--to)
      [[ $path == trace ]] && { COMPREPLY=($(compgen -W "$(_waymark_names sites)" -- "$cur")); return; }
      [[ $path == "path compute" ]] && { COMPREPLY=($(compgen -W "$(_waymark_names nodes)" -- "$cur")); return; } ;;
    --node|--via|--avoid) COMPREPLY=($(compgen -W "$(_waymark_names nodes)" -- "$cur")); return ;;
    --class) COMPREPLY=($(compgen -W "$(_waymark_names classes)" -- "$cur")); return ;;
    --service) COMPREPLY=($(compgen -W "$(_waymark_names services)" -- "$cur")); return ;;
    --metric) COMPREPLY=($(compgen -W "weight delay cost" -- "$cur")); return ;;
    --disjoint) COMPREPLY=($(compgen -W "link node srlg provider building" -- "$cur")); return ;;
    --for) COMPREPLY=($(compgen -W "converged up" -- "$cur")); return ;;
    --dscp) COMPREPLY=($(compgen -W "EF AF11 AF21 AF31 AF41 CS1 CS5 CS6" -- "$cur")); return ;;
    --format)
      [[ $path == "topology export" ]] && { COMPREPLY=($(compgen -W "rfc8345 yaml" -- "$cur")); return; }
      COMPREPLY=($(compgen -W "auto yaml repetita graphml sndlib topohub metaopt teavar rfc8345" -- "$cur")); return ;;
    --demands-format) COMPREPLY=($(compgen -W "auto repetita sndlib teavar topohub csv" -- "$cur")); return ;;
    -f|--file|--graph|--demands|--hoses|--fail-file|--granted|--routes|--ca|--cert|--key) compopt -o default; return ;;
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags @GLOBAL@" -- "$cur"))
    return
  fi
  case "$path" in
    get|describe|delete|watch)
      if [[ -z $kind ]]; then words="@KINDS@"
      elif [[ $path != watch ]]; then words="$(_waymark_names "$kind")"; fi ;;
    trace|wait|"path list"|"path explain") words="$(_waymark_names services)" ;;
    "agent show") words="$(_waymark_names agents)" ;;
    "topology import"|backup) compopt -o default; return ;;
    completion) words="bash zsh" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}

complete -F _waymark waymark
)sh";

void CollectPaths(const CLI::App& app, const std::string& path, std::vector<std::string>* paths) {
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    const std::string next = absl::StrCat(path, path.empty() ? "" : " ", command->get_name());
    paths->push_back(absl::StrCat("\"", next, "\""));
    CollectPaths(*command, next, paths);
  }
}

void Replace(const std::string& mark, const std::string& with, std::string* text) {
  const size_t at = text->find(mark);
  if (at != std::string::npos) text->replace(at, mark.size(), with);
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  std::string script = kBash;
  std::string cases;
  AppendCases(app, "", &cases);
  std::vector<std::string> paths;
  CollectPaths(app, "", &paths);
  std::vector<std::string> kinds;
  for (const KindInfo& info : AllKinds()) kinds.emplace_back(info.plural);
  Replace("@PATHS@", absl::StrJoin(paths, "|"), &script);
  Replace("@CASES@", cases, &script);
  Replace("@GLOBAL@", absl::StrJoin(FlagsOf(app), " "), &script);
  Replace("@KINDS@", absl::StrJoin(kinds, " "), &script);
  return script;
}

std::string ZshCompletion(const CLI::App& app) {
  return absl::StrCat(
      "#compdef waymark\n"
      "# Completion of waymark for zsh. Load it with:  source <(waymark completion zsh)\n"
      "autoload -U +X compinit && compinit\n"
      "autoload -U +X bashcompinit && bashcompinit\n"
      "(( $+functions[compopt] )) || compopt() { :; }\n",
      BashCompletion(app));
}

}  // namespace waymark::cli
