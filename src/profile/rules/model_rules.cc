// Rules about the model list, which the app filters before it shows anything (facts: desktop-config
// 7, read from the bundle by others): names that do not look like Claude are taken out.
#include <algorithm>
#include <map>

#include "base/encoding.h"
#include "base/nearest.h"
#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

constexpr std::string_view kTiers[] = {"sonnet", "opus", "haiku", "fable", "mythos"};
constexpr std::string_view kAccepted[] = {"claude", "sonnet", "opus",     "haiku",
                                          "fable",  "mythos", "anthropic"};
// Other vendors' words, from the schema in Claude Code's package (2.1.329).
constexpr std::string_view kForeign[] = {
    "ark-code", "astron",   "command-r", "deepseek",  "doubao",  "gemini",  "gemma",
    "glm",      "gpt",      "grok",      "hermes",    "hy3",     "kimi",    "lfm",
    "llama",    "longcat",  "mimo",      "minimax",   "mistral", "mixtral", "moonshot",
    "nemotron", "openai",   "phi-",      "qianfan",   "qwen",    "tc-code", "yi-",
    "stepfun",  "step-3",   "seed-",     "bytedance", "hunyuan", "granite", "amazon.nova",
    "nova-",    "devstral", "ministral", "ernie",     "codex",   "arcee",   "trinity",
    "abab",     "jamba",    "arctic",    "solar",     "mercury", "zamba",   "kat-coder",
    "dpsk"};
// The same, but only where a word begins.
constexpr std::string_view kForeignStarts[] = {"k2.", "m2.", "ds-"};
constexpr std::string_view kForeignWords[] = {"ling", "unic"};

bool is_tier(std::string_view name) {
  return std::find(std::begin(kTiers), std::end(kTiers), name) != std::end(kTiers);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// `whole`: also ends at the end of a word.
bool begins_word(std::string_view name, std::string_view word, bool whole) {
  for (auto at = name.find(word); at != std::string_view::npos; at = name.find(word, at + 1)) {
    auto end = at + word.size();
    bool starts = at == 0 || !is_word_character(name[at - 1]);
    bool ends = !whole || end == name.size() || !is_word_character(name[end]);
    if (starts && ends) return true;
  }
  return false;
}

bool is_foreign(std::string_view name) {
  for (std::string_view word : kForeign) {
    if (contains_word(name, word)) return true;
  }
  for (std::string_view word : kForeignStarts) {
    if (begins_word(name, word, false)) return true;
  }
  for (std::string_view word : kForeignWords) {
    if (begins_word(name, word, true)) return true;
  }
  auto phi = name.find("phi");
  return phi != std::string_view::npos && phi + 3 < name.size() && name[phi + 3] >= '0' &&
         name[phi + 3] <= '9';
}

bool survives_filter(std::string_view model) {
  std::string name = lower_case(model);
  if (is_foreign(name)) return false;
  return std::any_of(std::begin(kAccepted), std::end(kAccepted),
                     [&](std::string_view word) { return contains_word(name, word); });
}

// Models have to be listed by hand where the provider cannot be asked.
bool list_needed(const Check& check, std::string& why) {
  std::string_view provider = check.provider();
  if (check.is("modelDiscoveryEnabled", false)) {
    why = "model discovery is off";
    return true;
  }
  bool bedrock_token =
      check.has("inferenceBedrockBearerToken") || check.has("inferenceCredentialHelper");
  if (provider == "vertex" || provider == "foundry" || (provider == "bedrock" && !bedrock_token)) {
    why = fmt::format("provider {} is not asked for its models", provider);
    return true;
  }
  return false;
}

struct Entry {
  std::string place;
  std::string_view name;
  const json::object* object = nullptr;
};

std::vector<Entry> entries_of(const json::array& list) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Entry entry{fmt::format("inferenceModels[{}]", i), {}, nullptr};
    if (list[i].is_string()) entry.name = list[i].get_string();
    if (list[i].is_object()) {
      entry.object = &list[i].get_object();
      entry.name = member_text(*entry.object, "name");
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

void check_names(Check& check, const std::vector<Entry>& entries) {
  std::size_t survivors = 0;
  for (const Entry& entry : entries) survivors += survives_filter(entry.name) ? 1 : 0;
  if (survivors == 0) {
    check.error("model.all_filtered", "inferenceModels",
                "no name in the list looks like a Claude model; the app marks every entry as wrong",
                "use names that hold claude, sonnet, opus, haiku, fable or mythos; a gateway maps "
                "them to deployments");
    return;
  }
  for (const Entry& entry : entries) {
    if (survives_filter(entry.name)) continue;
    check.warning("model.filtered", entry.place,
                  fmt::format("\"{}\" does not look like a Claude model; the app takes it out of "
                              "the list",
                              entry.name),
                  "rename the deployment, or remove the entry");
  }
}

void check_entry(Check& check, const Entry& entry, std::map<std::string, std::string>& defaults) {
  if (entry.name.ends_with("[1m]")) {
    check.warning("model.suffix_1m", entry.place, "the suffix [1m] is a field of its own",
                  "write the plain name with \"supports1m\": true");
  }
  if (check.is("modelDiscoveryEnabled", false) && is_tier(lower_case(entry.name))) {
    check.error("model.alias", entry.place,
                "a bare alias needs model discovery; from app 1.52386 this is an error",
                "write the full model name");
  }
  if (entry.object == nullptr) return;
  std::string tier = lower_case(trimmed(member_text(*entry.object, "anthropicFamilyTier")));
  if (!tier.empty() && !is_tier(tier)) {
    std::vector<std::string_view> known(std::begin(kTiers), std::end(kTiers));
    std::string_view near = nearest_name(tier, known);
    check.warning(
        "model.tier", entry.place + ".anthropicFamilyTier",
        fmt::format("\"{}\" is none of {}; the app drops it silently", tier,
                    fmt::join(kTiers, ", ")),
        near.empty() ? std::string("choose one of them") : fmt::format("did you mean {}?", near));
  }
  const json::value* chosen = entry.object->if_contains("isFamilyDefault");
  if (chosen == nullptr || *chosen != json::value(true)) return;
  if (tier.empty()) {
    check.warning("model.default_without_tier", entry.place,
                  "isFamilyDefault has no effect without anthropicFamilyTier", "add the tier");
    return;
  }
  auto [first, added] = defaults.emplace(tier, entry.place);
  if (!added) {
    check.warning("model.two_defaults", entry.place,
                  fmt::format("{} already is the default of tier {}; the first one wins",
                              first->second, tier),
                  "keep one");
  }
}

}  // namespace

void check_models(Check& check) {
  std::string why;
  const json::array* list = check.list("inferenceModels");
  if (list == nullptr || list->empty()) {
    if (!check.has("inferenceModels") || list != nullptr) {
      if (list_needed(check, why)) {
        check.error("model.list_required", "inferenceModels",
                    fmt::format("{}, so the list needs at least one entry", why),
                    "list the deployments' names");
      } else if (check.provider() == "mantle") {
        check.warning("model.list_required", "inferenceModels",
                      "whether the app can ask this provider for its models is not documented",
                      "list the models' names");
      } else if (list != nullptr) {
        check.warning("model.list_empty", "inferenceModels", "the list is empty",
                      "name models, or remove the key");
      }
    }
    return;
  }
  std::vector<Entry> entries = entries_of(*list);
  bool filtered = check.provider() == "gateway" || check.provider() == "mantle";
  if (filtered) check_names(check, entries);
  std::map<std::string, std::string> defaults, names;
  for (const Entry& entry : entries) {
    check_entry(check, entry, defaults);
    auto [first, added] = names.emplace(std::string(entry.name), entry.place);
    if (!added) {
      check.warning("model.twice", entry.place,
                    fmt::format("\"{}\" already stands at {}", entry.name, first->second),
                    "keep one");
    }
  }
}

}  // namespace sallyport::profile
