import { Argument, type Command } from 'commander';
import { print } from './common.ts';

/** A word that may come next, and its meaning. */
type Word = { readonly word: string; readonly does: string };

/** The words that may follow a command: `place` is the way to it, with a space before each word. */
type Place = {
  readonly place: string;
  readonly commands: readonly Word[];
  readonly options: readonly (Word & {
    readonly takesValue: boolean;
    /** The values that it may have; empty for any value. */
    readonly choices: readonly string[];
  })[];
  readonly choices: readonly string[];
};

const scripts = { bash, zsh, fish };

/** Lets a shell complete commands, options and their values. The script depends on this version alone. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script with which a shell completes what is typed')
    .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts) =>
      print(scripts[shell](program.name(), placesOf(program)).trimEnd()),
    );
}

function placesOf(command: Command, place = ''): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command).map((each) => ({
    word: each.name(),
    does: each.description(),
  }));
  const options = help.visibleOptions(command).map((option) => ({
    word: option.long ?? option.flags,
    does: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  }));
  const choices = command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices);
  return [
    { place, commands, options, choices },
    ...command.commands.flatMap((each) => placesOf(each, `${place} ${each.name()}`)),
  ];
}

/** The name of a function for a program. */
const functionOf = (program: string): string => `_${program.replaceAll('-', '_')}`;

/** In single quotes, whose content bash and zsh do not change. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const pattern = (places: readonly Place[]): string =>
  places.flatMap(({ place }) => (place === '' ? [] : quoted(place))).join('|');

const wordsAt = ({ commands, options, choices }: Place): string[] => [
  ...[...commands, ...options].map(({ word }) => word),
  ...choices,
];

/** Options that take a value, by where they may stand. */
const valued = (places: readonly Place[]) =>
  places.flatMap(({ place, options }) =>
    options.filter(({ takesValue }) => takesValue).map((option) => ({ place, ...option })),
  );

function bash(program: string, places: readonly Place[]): string {
  const complete = functionOf(program);
  const values = valued(places).map(
    ({ place, word, choices }) =>
      `    ${quoted(`${place} ${word}`)}) words=${quoted(choices.join(' '))} ;;`,
  );
  const words = places.map(
    (each) => `      ${quoted(each.place)}) words=${quoted(wordsAt(each).join(' '))} ;;`,
  );
  return `${complete}() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} place= words= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place $word" in
      ${pattern(places)}) place="$place $word" ;;
    esac
  done
  case "$place $before" in
${values.join('\n')}
    *) case "$place" in
${words.join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F ${complete} ${program}
`;
}

function zsh(program: string, places: readonly Place[]): string {
  const complete = functionOf(program);
  const values = valued(places).map(
    ({ place, word, choices }) =>
      `    ${quoted(`${place} ${word}`)}) choices=(${choices.map(quoted).join(' ')}) ;;`,
  );
  const words = places.map(({ place, commands, options, choices }) => {
    const described = [...commands, ...options].map(({ word, does }) => quoted(`${word}:${does}`));
    return `      ${quoted(place)}) choices=(${[...described, ...choices.map(quoted)].join(' ')}) ;;`;
  });
  return `#compdef ${program}
${complete}() {
  local place= word
  local -a choices
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place $word" in
      ${pattern(places)}) place="$place $word" ;;
    esac
  done
  case "$place \${words[CURRENT-1]}" in
${values.join('\n')}
    *) case "$place" in
${words.join('\n')}
    esac ;;
  esac
  _describe ${program} choices || _files
}
if [ "\${funcstack[1]}" = ${complete} ]; then ${complete} "$@"; else compdef ${complete} ${program}; fi
`;
}

function fish(program: string, places: readonly Place[]): string {
  const isAt = `_${functionOf(program)}_at`;
  const inFish = (text: string) => `'${text.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
  const lines = places.flatMap(({ place, commands, options, choices }) => {
    const at = `complete -c ${program} -n ${inFish(`${isAt} "${place}"`)}`;
    return [
      ...commands.map(({ word, does }) => `${at} -f -a ${word} -d ${inFish(does)}`),
      ...options.map(({ word, does, takesValue, choices: values }) => {
        const value =
          values.length > 0 ? ` -x -a ${inFish(values.join(' '))}` : takesValue ? ' -r' : '';
        return `${at} -l ${word.replace(/^--/, '')}${value} -d ${inFish(does)}`;
      }),
      ...choices.map((choice) => `${at} -f -a ${choice}`),
    ];
  });
  return `function ${isAt}
  set -l place ''
  for word in (commandline -opc)[2..-1]
    switch "$place $word"
      case ${places.flatMap(({ place }) => (place === '' ? [] : inFish(place))).join(' ')}
        set place "$place $word"
    end
  end
  test "$place" = "$argv[1]"
end
${lines.join('\n')}
`;
}
