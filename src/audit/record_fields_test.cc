#include "audit/record_fields.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "audit/chain_fixture.h"
#include "base/json_reader.h"

namespace sallyport::audit {
namespace {

using Names = std::map<std::string, std::set<std::string>>;  // object -> its members

// The members of every object of a line: those of the line itself by its type, deeper ones by the
// member that holds them. What an event says of itself has no fixed names.
void collect(JsonReader& json, const std::string& object, Names& found) {
  JsonText key;
  ASSERT_TRUE(json.begin_object());
  while (json.next_member(key)) {
    auto name = key.decode();
    found[object].insert(name);
    bool within = name != std::string_view(name_of<&Event::details>);
    if (within && json.peek() == JsonKind::kObject) {
      collect(json, name, found);
    } else if (within && json.peek() == JsonKind::kArray) {
      ASSERT_TRUE(json.begin_array());
      while (json.next_element()) {
        if (json.peek() == JsonKind::kObject) {
          collect(json, name, found);
        } else {
          json.skip();
        }
      }
    } else {
      json.skip();
    }
  }
}

std::string type_of(std::string_view line) {
  auto at = line.find("\"type\":\"") + 8;
  return std::string(line.substr(at, line.find('"', at) - at));
}

class RecordFields : public ChainFixture {
 protected:
  // Lines with all that can stand in them.
  void write_everything() {
    start(16 << 10);
    std::string_view text = "x";
    const ProviderId ids[] = {{"one_request_id", text}, {"other_request_id", {}}};
    std::vector<std::string_view> list{text};
    for (unsigned i = 0; i < 12; ++i) {  // enough for a second segment
      auto id = request_id(i);
      auto record = opened(id, now());
      record.person.app_only = true;
      record.source.proxies = list;
      record.client = {text, text, text, text, text, text, text};
      record.decision.policy = text;
      if (i % 2 == 0) record.person.object_id = {};
      record.person.subject = text;
      ASSERT_TRUE(chain->append_opened(record));
      auto sequence = chain->appended_sequence();
      Refused refused{id,  now(), record.person, record.source, record.client, record.request,
                      403, text,  text,          text,          text,          text,
                      text};
      ASSERT_TRUE(chain->append_refused(refused));
      ASSERT_TRUE(chain->append_answered(
          {id, now(), record.person, record.source, record.client, record.request, 200}));
      Attempt attempt{text, text, 0, text};
      Usage usage{.thinking = 1, .web_searches = 1, .malformed = true};
      auto end = closed(id, sequence, now());
      end.attempts = {&attempt, 1};
      end.error_type = end.revocation = text;
      end.usage = &usage;
      end.provider_ids = ids;
      chain->append_closed(end);
      ASSERT_TRUE(chain->flush());
    }
    Detail detail("name", "value");
    Head head = chain->head();
    ASSERT_TRUE(chain->append_event({"configuration", now(), {&detail, 1}}));
    ASSERT_TRUE(chain->append_heads({&head, 1}, now()));
    ASSERT_TRUE(chain->append_interrupted(request_id(99), "other-1", 2, now()));
    ASSERT_TRUE(chain->close(now()));
  }
};

TEST_F(RecordFields, AreExactlyWhatLinesHave) {
  ASSERT_NO_FATAL_FAILURE(write_everything());
  Names written;
  for (const auto& line : lines_of(folder.path(), *chain)) {
    JsonReader json(line);
    collect(json, type_of(line), written);
  }
  Names described;
  std::set<std::string> frame;
  for (const auto& group : record_groups()) {
    auto& names = group.title == "Every line" ? frame : described[std::string(group.title)];
    for (const auto* one : group.fields) {
      if (one->name.empty()) continue;  // the providers' own, below
      EXPECT_TRUE(names.emplace(one->name).second) << one->name << " twice in " << group.title;
      EXPECT_TRUE(one->meaning.ends_with('.')) << one->name;
    }
    EXPECT_TRUE(group.inside.empty() || group.inside == group.title);
  }
  described["closed"].insert("one_request_id");
  for (const auto* type : {"opened", "closed", "refused", "answered", "event"}) {
    described[type].insert(frame.begin(), frame.end());
  }
  EXPECT_EQ(written, described);
}

// Lines of several types have a status; it is one column.
TEST(RecordColumns, AreThereOnceInTheirOrder) {
  std::vector<std::string_view> names;
  for (const auto& one : shown_fields()) names.push_back(one.field->name);
  EXPECT_EQ(names, (std::vector<std::string_view>{name_of<&Closed::status>,
                                                  name_of<&Closed::duration_us>}));
}

TEST(RecordPage, HasARowForEachMember) {
  const Field ids[] = {{"one_request_id", "text", "Id of the provider: x-one (One)."}};
  auto page = record_markdown(ids);
  EXPECT_NE(page.find("| `one_request_id` | text | Id of the provider: x-one (One). |"),
            std::string::npos);
  for (const auto& group : record_groups()) {
    for (const auto* one : group.fields) {
      if (one->name.empty()) continue;
      EXPECT_NE(page.find(std::string("| `").append(one->name).append("` | ").append(one->type)),
                std::string::npos)
          << one->name;
    }
  }
}

}  // namespace
}  // namespace sallyport::audit
