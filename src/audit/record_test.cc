#include "audit/record.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "audit/test_bench.h"

namespace sallyport::audit {
namespace {

const WallTime kNow{std::chrono::seconds{1'795'000'000}};

template <typename Record>
std::string members(const Record& record) {
  std::string text;
  JsonWriter json(text);
  append_members(json, record);
  return text;
}

Refused refused_of(const Person& person) {
  auto base = opened("r-1", kNow);
  return {.id = base.id,
          .time = kNow,
          .person = person,
          .source = base.source,
          .client = base.client,
          .request = base.request,
          .status = 403};
}

// The members as they are written each time, and the ready text of them: the same bytes.
void expect_same_bytes(const Person& person) {
  auto text = person_text(person);
  Person ready;
  ready.ready = text;
  auto with_members = opened("r-1", kNow);
  auto with_text = with_members;
  with_members.person = person;
  with_text.person = ready;
  EXPECT_EQ(members(with_text), members(with_members));
  EXPECT_EQ(members(refused_of(ready)), members(refused_of(person)));
  Answered answered{.id = "r-1", .time = kNow, .person = person, .status = 200};
  auto expected = members(answered);
  answered.person = ready;
  EXPECT_EQ(members(answered), expected);
}

TEST(Record, APersonMadeReadyIsTheSameBytes) {
  auto person = opened("r-1", kNow).person;
  expect_same_bytes(person);
  person.app_only = true;
  person.object_id = {};
  expect_same_bytes(person);
  expect_same_bytes({});
}

TEST(Record, WhatAStrangerChoseIsCutInAReadyTextToo) {
  std::string evil;
  for (int i = 0; i < 4000; ++i) evil += "\"\\\x01\xff\xc3\xa4";
  std::vector<std::string_view> many(500, evil);
  Person person{.issuer = evil,
                .tenant = evil,
                .object_id = {},
                .subject = evil,
                .token_kind = evil,
                .app_only = true,
                .groups = many,
                .token_id = evil,
                .session_id = evil,
                .client = evil};
  expect_same_bytes(person);
  EXPECT_LT(person_text(person).size(), 64U << 10);
}

TEST(Record, AReadyTextStandsInThePlaceOfTheMembers) {
  auto record = opened("r-1", kNow);
  record.person.ready = R"({"issuer":"fabrikam"})";
  auto text = members(record);
  EXPECT_NE(text.find(R"("person":{"issuer":"fabrikam"},"source")"), std::string::npos) << text;
  EXPECT_EQ(text.find("contoso"), std::string::npos);
}

TEST(TimeWriter, SaysWhatWriteTimeSays) {
  using std::chrono::microseconds;
  TimeWriter times;
  for (auto micros : {0LL, 1LL, 999'999LL, 1'000'000LL, 1'000'001LL, 999'998LL, 86'399'999'999LL,
                      86'400'000'000LL, -1LL, -1'000'000LL, 5LL}) {
    WallTime time = kNow + microseconds(micros);
    char expected[kTimeChars];
    write_time(expected, time);
    EXPECT_EQ(times.text(time), std::string_view(expected, kTimeChars)) << micros;
  }
  WallTime before{microseconds(-1)};  // 1970 itself is no wall
  char expected[kTimeChars];
  write_time(expected, before);
  EXPECT_EQ(times.text(before), std::string_view(expected, kTimeChars));
}

}  // namespace
}  // namespace sallyport::audit
