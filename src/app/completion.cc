#include "app/completion.h"

#include <sstream>
#include <vector>

#include "tocsin/check.h"

namespace tocsin::app {
namespace {

/// A flag, or what stands without one.
struct Argument {
    std::vector<std::string> names;    ///< `-o`, `--output`; none: it stands without a flag
    std::vector<std::string> choices;  ///< empty: anything; files are proposed
    bool takes_value = true;
    std::string help;
};

struct Command {
    std::string path;  ///< `check rules`; empty: the program
    std::string help;
    std::vector<const CLI::App*> inner;
    std::vector<Argument> arguments;
};

/// `{wall,event}`, as the validator of a set describes itself.
std::vector<std::string> choices_of(const CLI::Option& option) {
    std::vector<std::string> choices;
    for (const std::string& type : CLI::detail::split(option.get_type_name(), ':')) {
        if (type.size() < 2 || type.front() != '{' || type.back() != '}') continue;
        for (const std::string& choice : CLI::detail::split(type.substr(1, type.size() - 2), ','))
            choices.push_back(choice);
    }
    return choices;
}

void read_tree(const CLI::App& app, const std::string& path, std::vector<Command>& commands) {
    Command command{path, app.get_description(), {}, {}};
    for (const CLI::Option* option : app.get_options()) {
        Argument argument;
        for (const std::string& name : option->get_snames()) argument.names.push_back("-" + name);
        for (const std::string& name : option->get_lnames()) argument.names.push_back("--" + name);
        argument.choices = choices_of(*option);
        argument.takes_value = option->get_items_expected_max() > 0;
        argument.help = option->get_description();
        command.arguments.push_back(std::move(argument));
    }
    command.inner = app.get_subcommands([](const CLI::App*) { return true; });
    const std::vector<const CLI::App*> inner = command.inner;
    commands.push_back(std::move(command));
    for (const CLI::App* sub : inner)
        read_tree(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), commands);
}

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
    return all;
}

/// For single quotes; help texts have none that a shell would mind but these.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

/// What may stand behind a command: its subcommands, or the choices of an argument without a flag.
std::vector<std::string> words_of(const Command& command) {
    std::vector<std::string> words;
    for (const CLI::App* sub : command.inner) words.push_back(sub->get_name());
    for (const Argument& argument : command.arguments) {
        if (argument.names.empty()) words.insert(words.end(), argument.choices.begin(), argument.choices.end());
    }
    return words;
}

bool takes_files(const Command& command) {
    for (const Argument& argument : command.arguments) {
        if (argument.names.empty() && argument.choices.empty()) return true;
    }
    return false;
}

/// The arms that bash and zsh share: `"check rules") …`, with the words that make a command's path longer.
void write_paths(const std::vector<Command>& commands, std::ostream& out) {
    for (const Command& command : commands) {
        if (command.path.empty()) continue;
        const std::size_t space = command.path.rfind(' ');
        const std::string pattern = space == std::string::npos ? " " + command.path : command.path;
        out << "            \"" << pattern << "\") command=\"" << command.path << "\" ;;\n";
    }
}

void write_arms(const std::vector<Command>& commands, std::ostream& out) {
    out << "    case \"$command $option\" in\n";
    for (const Command& command : commands) {
        for (const Argument& argument : command.arguments) {
            if (argument.names.empty() || !argument.takes_value) continue;
            std::string pattern;
            for (const std::string& name : argument.names)
                pattern += (pattern.empty() ? "\"" : " | \"") + command.path + " " + name + "\"";
            out << "        " << pattern << ") ";
            if (argument.choices.empty())
                out << "_tocsin_files; return ;;\n";
            else
                out << "_tocsin_words " << joined(argument.choices) << "; return ;;\n";
        }
    }
    out << "    esac\n    case \"$command\" in\n";
    for (const Command& command : commands) {
        std::vector<std::string> flags;
        for (const Argument& argument : command.arguments)
            flags.insert(flags.end(), argument.names.begin(), argument.names.end());
        out << "        \"" << command.path << "\")\n"
            << "            if [[ $word == -* ]]; then _tocsin_words " << joined(flags) << "; return; fi\n";
        if (const auto words = words_of(command); !words.empty())
            out << "            _tocsin_words " << joined(words) << "\n";
        if (takes_files(command)) out << "            _tocsin_files\n";
        out << "            ;;\n";
    }
    out << "    esac\n";
}

std::string bash(const std::vector<Command>& commands) {
    std::ostringstream out;
    out << R"(# bash completion of tocsin. For this shell: source <(tocsin completion bash)
_tocsin_words() { mapfile -t COMPREPLY < <(compgen -W "$*" -- "$word"); }
_tocsin_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word"); }
_tocsin() {
    local word=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} command="" i
    COMPREPLY=()
    # `--flag=value` arrives as three words.
    if [[ $word == "=" ]]; then
        word=""
    elif [[ $option == "=" ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; ++i)); do
        case "$command ${COMP_WORDS[i]}" in
)";
    write_paths(commands, out);
    out << "        esac\n    done\n";
    write_arms(commands, out);
    out << "}\ncomplete -F _tocsin tocsin\n";
    return out.str();
}

std::string zsh(const std::vector<Command>& commands) {
    std::ostringstream out;
    out << R"(#compdef tocsin
# zsh completion of tocsin. Into a folder of fpath: tocsin completion zsh > _tocsin
_tocsin_words() { compadd -- "$@" }
_tocsin_files() { _files }
_tocsin() {
    local word=$PREFIX option=${words[CURRENT-1]} command="" each
    if [[ $word == --*=* ]]; then
        option=${word%%=*}
        compset -P '*='
        word=$PREFIX
    fi
    for each in "${(@)words[2,CURRENT-1]}"; do
        case "$command $each" in
)";
    write_paths(commands, out);
    out << "        esac\n    done\n";
    write_arms(commands, out);
    out << "}\nif [[ $zsh_eval_context[-1] == loadautofunc ]]; then _tocsin \"$@\"; else compdef _tocsin tocsin; fi\n";
    return out.str();
}

std::string fish(const std::vector<Command>& commands) {
    std::ostringstream out;
    out << R"(# fish completion of tocsin: tocsin completion fish > ~/.config/fish/completions/tocsin.fish
function __tocsin_command
    set -l command ''
    for word in (commandline -opc)[2..-1]
        switch "$command $word"
)";
    for (const Command& command : commands) {
        if (command.path.empty()) continue;
        const std::string pattern = command.path.find(' ') == std::string::npos ? " " + command.path : command.path;
        out << "            case " << quoted(pattern) << "\n                set command " << quoted(command.path)
            << "\n";
    }
    out << "        end\n    end\n    echo $command\nend\ncomplete -c tocsin -f\n";
    for (const Command& command : commands) {
        const std::string here = "complete -c tocsin -n " + quoted("test (__tocsin_command) = " + quoted(command.path));
        for (const CLI::App* sub : command.inner)
            out << here << " -a " << quoted(sub->get_name()) << " -d " << quoted(sub->get_description()) << "\n";
        for (const Argument& argument : command.arguments) {
            if (argument.names.empty()) {
                if (argument.choices.empty())
                    out << here << " -F\n";
                else
                    out << here << " -a " << quoted(joined(argument.choices)) << " -d " << quoted(argument.help)
                        << "\n";
                continue;
            }
            out << here;
            for (const std::string& name : argument.names)
                out << (name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1));
            if (argument.takes_value)
                out << (argument.choices.empty() ? " -r -F" : " -x -a " + quoted(joined(argument.choices)));
            out << " -d " << quoted(argument.help) << "\n";
        }
    }
    return out.str();
}

}  // namespace

std::string completion_script(const CLI::App& root, const std::string& shell) {
    std::vector<Command> commands;
    read_tree(root, "", commands);
    if (shell == "bash") return bash(commands);
    if (shell == "zsh") return zsh(commands);
    TOCSIN_CHECK(shell == "fish", "the command line admits these three");
    return fish(commands);
}

}  // namespace tocsin::app
