// Files that lie. Each must end in an error, without reading what is not there, without leaving
// anything behind and without an allocation that the file's size does not justify.
#include <reckon/io/safetensors.hpp>
#include <reckon/io/write_safetensors.hpp>

#include "allocation_guard.hpp"
#include "raw_file.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <random>

using namespace reckon;

namespace {

// Of a byte of header: an extent of two characters becomes eight bytes in a vector that doubles.
constexpr std::size_t bytes_per_header_byte = 8;
constexpr std::size_t bytes_for_messages = 4096;

std::size_t header_bytes(std::span<const std::byte> file) {
    std::uint64_t length = 0;
    if (file.size() < 8) return 0;
    std::memcpy(&length, file.data(), 8);
    return length <= file.size() - 8 ? std::size_t(length) : 0;
}

/// The message of a refusal, or nothing if the file is right; checks what it cost.
template <class Read>
std::optional<std::string> refusal(std::span<const std::byte> file, Read read) {
    char message[1000]{};
    bool refused = false;
    take_allocations();
    try {
        read();
    } catch (const error& caught) {
        refused = true;
        std::strncpy(message, caught.what(), sizeof message - 1);
    }
    const allocations seen = take_allocations();
    CHECK(seen.living == 0);
    CHECK(seen.largest <= bytes_per_header_byte * header_bytes(file) + bytes_for_messages);
    if (!refused) return std::nullopt;
    return message;
}

std::optional<std::string> refusal(std::span<const std::byte> file) {
    return refusal(file, [&] { safetensors::view_of(file, "f"); });
}

std::string refusal_of(std::string_view header, std::size_t data) {
    return refusal(raw_file(header, data)).value_or("not refused");
}

std::string tensor(std::string_view name, std::string_view fields) {
    return '"' + std::string{name} + "\":{" + std::string{fields} + '}';
}
std::string tensor(std::string_view name, std::string_view type, std::string_view shape,
                   std::string_view offsets) {
    return tensor(name, "\"dtype\":\"" + std::string{type} + "\",\"shape\":" + std::string{shape} +
                            ",\"data_offsets\":" + std::string{offsets});
}
const std::string good = tensor("a", "U8", "[4]", "[0,4]");

/// A checkpoint of a small model, as the writer makes it.
bytes real_file() {
    const temporary_folder folder;
    const std::vector<float> numbers(24 * 16, 0.5f);
    std::vector<stored_tensor> tensors;
    for (int layer = 0; layer < 10; ++layer) {
        const std::string prefix = "encoder.layer." + std::to_string(layer);
        tensors.push_back(store(prefix + ".weight", {24, 16}, std::span{numbers}));
        tensors.push_back(store(prefix + ".bias", {24}, std::span{numbers}.first(24)));
    }
    write_safetensors(folder.file("m"), tensors, {{"format", "pt"}});
    const std::string text = read_text(folder.file("m"));
    const auto raw = std::as_bytes(std::span{text});
    return {raw.begin(), raw.end()};
}

}  // namespace

TEST_CASE("a file cut at any of 200 places is refused, in memory and on disk") {
    const temporary_folder folder;
    const bytes file = real_file();
    REQUIRE_FALSE(refusal(file));
    for (std::size_t place = 0; place < 200; ++place) {
        const auto cut = std::span{file}.first(place * file.size() / 200);
        CHECK(refusal(cut));
        const std::string path = folder.file("cut", cut);
        CHECK(refusal(cut, [&] { safetensors::open(path); }));
    }
}

TEST_CASE("a header cut at any byte is refused, even if its length says so") {
    const bytes file = real_file();
    const std::string_view header{reinterpret_cast<const char*>(file.data()) + 8,
                                  header_bytes(file)};
    const auto end = header.find_last_of('}');
    for (std::size_t size = 0; size <= end; ++size)
        REQUIRE(refusal(raw_file(header.substr(0, size), 0)));
}

TEST_CASE("a byte more than the header describes is refused") {
    bytes file = real_file();
    file.emplace_back();
    CHECK(refusal(file).value_or("").find("data: expected 16320 bytes, as the header says, got "
                                          "16321") != std::string::npos);
}

TEST_CASE("a header length beyond the file or the format's limit is refused") {
    for (int power : {20, 32, 62, 63})
        CHECK(*refusal(raw_file(std::uint64_t{1} << power, "{}", 0)) ==
              "safetensors: f: header: expected at most 2 bytes, got " +
                  std::to_string(std::uint64_t{1} << power));
    CHECK(refusal(raw_file(~std::uint64_t{0}, "{}", 0)));
    CHECK(refusal(raw_file(3, "{}", 0)));
    const bytes empty;
    CHECK(*refusal(empty) == "safetensors: f: header: expected 8 bytes of length, got 0");
    CHECK(refusal(raw_file(0, "", 0)));

    bytes padded = raw_file("{}", 0);
    padded.resize(8 + safetensors_header_limit + 1, std::byte{' '});
    const std::uint64_t length = safetensors_header_limit + 1;
    std::memcpy(padded.data(), &length, 8);
    CHECK(*refusal(padded) ==
          "safetensors: f: header: expected at most 100000000 bytes, got 100000001");
}

TEST_CASE("tensors that overlap, leave a hole or reach beyond the data are refused by name") {
    CHECK(refusal_of('{' + good + ',' + tensor("b", "U8", "[4]", "[2,6]") + '}', 6) ==
          "safetensors: f: \"b\": expected data from offset 4, got an overlap from 2");
    CHECK(refusal_of('{' + good + ',' + tensor("b", "U8", "[4]", "[0,4]") + '}', 4) ==
          "safetensors: f: \"b\": expected data from offset 4, got an overlap from 0");
    CHECK(refusal_of('{' + good + ',' + tensor("b", "U8", "[4]", "[6,10]") + '}', 10) ==
          "safetensors: f: \"b\": expected data from offset 4, got a hole before 6");
    CHECK(refusal_of('{' + tensor("b", "U8", "[2]", "[1,3]") + '}', 3) ==
          "safetensors: f: \"b\": expected data from offset 0, got a hole before 1");
    CHECK(refusal_of('{' + good + ',' + tensor("b", "F32", "[0]", "[2,2]") + '}', 4) ==
          "safetensors: f: \"b\": expected data from offset 4, got an overlap from 2");
    CHECK(refusal_of('{' + good + '}', 6) ==
          "safetensors: f: data: expected 4 bytes, as the header says, got 6");
    CHECK(refusal_of('{' + good + '}', 3) ==
          "safetensors: f: \"a\": expected an ordered range within 3 bytes, got [0, 4]");
    CHECK(refusal_of('{' + tensor("a", "U8", "[4]", "[4,0]") + '}', 4) ==
          "safetensors: f: \"a\": expected an ordered range within 4 bytes, got [4, 0]");
    CHECK(
        refusal_of(
            '{' + tensor("a", "U8", "[4]", "[18446744073709551612,18446744073709551615]") + '}', 4)
            .find("expected an ordered range within 4 bytes") != std::string::npos);
}

TEST_CASE("a tensor of another size than its type and shape take is refused") {
    CHECK(refusal_of('{' + tensor("a", "F32", "[4]", "[0,4]") + '}', 4) ==
          "safetensors: f: \"a\": expected 16 bytes for F32 [4], got 4");
    CHECK(refusal_of('{' + tensor("a", "F32", "[]", "[0,8]") + '}', 8) ==
          "safetensors: f: \"a\": expected 4 bytes for F32 [], got 8");
    CHECK(refusal_of('{' + tensor("a", "F32", "[0]", "[0,4]") + '}', 4) ==
          "safetensors: f: \"a\": expected 0 bytes for F32 [0], got 4");
}

TEST_CASE("a shape whose product does not fit 64 bits is refused") {
    for (const char* shape :
         {"[4294967296,4294967296]", "[9223372036854775808,2]", "[3,6148914691236517206]",
          "[18446744073709551615,18446744073709551615]", "[4611686018427387904]"})
        CHECK(refusal_of('{' + tensor("a", "F32", shape, "[0,0]") + '}', 0)
                  .find("expected a size below 2^64 bytes, got F32 [") != std::string::npos);
}

TEST_CASE("a type that the format does not have is refused") {
    for (const char* type : {"f32", "F31", "F4", "", "FLOAT", "F32 "})
        CHECK(refusal_of('{' + tensor("a", type, "[1]", "[0,4]") + '}', 4) ==
              "safetensors: f: \"a\": expected a type of the format, got \"" + std::string{type} +
                  '"');
}

TEST_CASE("numbers that are negative, broken or too large for 64 bits are refused") {
    for (const char* number :
         {"-1", "-0", "1.0", "4e0", "1e999", "18446744073709551616", "true", "null", "\"4\""}) {
        const std::string array = '[' + std::string{number} + ']';
        const std::string pair = "[0," + std::string{number} + ']';
        CHECK(refusal_of('{' + tensor("a", "U8", array, "[0,4]") + '}', 4) != "not refused");
        CHECK(refusal_of('{' + tensor("a", "U8", "[4]", pair) + '}', 4) != "not refused");
    }
    CHECK(refusal_of('{' + tensor("a", "U8", "[-4]", "[0,4]") + '}', 4) ==
          "safetensors: f: \"a\": expected non-negative integers as shape, got -4");
    CHECK(refusal_of('{' + tensor("a", "U8", "[4]", "[0,4.5]") + '}', 4) ==
          "safetensors: f: \"a\": expected two non-negative integers as data_offsets, got 4.5");
}

TEST_CASE("names that stand twice are found") {
    CHECK(refusal_of('{' + good + ',' + tensor("b", "U8", "[1]", "[4,5]") + ',' +
                         tensor("a", "U8", "[1]", "[5,6]") + '}',
                     6) == "safetensors: f: \"a\": expected one tensor, got two of that name");
    CHECK(refusal_of('{' + good + ',' + tensor("\\u0061", "U8", "[0]", "[4,4]") + '}', 4) ==
          "safetensors: f: \"a\": expected one tensor, got two of that name");
    CHECK(refusal_of(R"({"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}})", 1) ==
          "safetensors: f: \"a\": expected one dtype, got a second one");
    CHECK(refusal_of(R"({"a":{"dtype":"U8","shape":[],"shape":[],"data_offsets":[0,1]}})", 1) ==
          "safetensors: f: \"a\": expected one shape, got a second one");
    CHECK(refusal_of(R"({"__metadata__":{"k":"v","k":"v"}})", 0) ==
          "safetensors: f: \"__metadata__\": expected one \"k\", got a second one");
    CHECK(refusal_of(R"({"__metadata__":{},"__metadata__":{}})", 0) ==
          "safetensors: f: \"__metadata__\": expected one object, got a second one");
}

TEST_CASE("fields that lack, are strange or of another kind are refused") {
    CHECK(refusal_of(R"({"a":{"shape":[],"data_offsets":[0,1]}})", 1) ==
          "safetensors: f: \"a\": expected a dtype, got none");
    CHECK(refusal_of(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", 1) ==
          "safetensors: f: \"a\": expected a shape, got none");
    CHECK(refusal_of(R"({"a":{"dtype":"U8","shape":[]}})", 1) ==
          "safetensors: f: \"a\": expected data_offsets, got none");
    CHECK(refusal_of(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"x":[]}})", 1) ==
          "safetensors: f: \"a\": expected dtype, shape and data_offsets, got \"x\"");
    CHECK(refusal_of(R"({"a":{"dtype":["U8"],"shape":[],"data_offsets":[0,1]}})", 1) ==
          "safetensors: f: \"a\": expected a string as dtype, got an array");
    CHECK(refusal_of(R"({"a":{"dtype":8,"shape":[],"data_offsets":[0,1]}})", 1) ==
          "safetensors: f: \"a\": expected a string as dtype, got the number 8");
    for (const char* fields : {R"("dtype":"U8","shape":1,"data_offsets":[0,1])",
                               R"("dtype":"U8","shape":"[]","data_offsets":[0,1])",
                               R"("dtype":"U8","shape":{},"data_offsets":[0,1])",
                               R"("dtype":"U8","shape":[[1]],"data_offsets":[0,1])",
                               R"("dtype":"U8","shape":[],"data_offsets":[0])",
                               R"("dtype":"U8","shape":[],"data_offsets":[])",
                               R"("dtype":"U8","shape":[],"data_offsets":[0,1,1])",
                               R"("dtype":"U8","shape":[],"data_offsets":{"a":1})",
                               R"("dtype":null,"shape":[],"data_offsets":[0,1])"})
        CHECK(refusal_of('{' + tensor("a", fields) + '}', 1) != "not refused");
}

TEST_CASE("a header that is no object of objects is refused") {
    for (const char* header : {"[]", "1", "\"a\"", "null", "", " {}", "{} {}", "{}x", "{},",
                               R"({"a":1})", R"({"a":[]})", R"({"a":null})", R"({"a":"b"})",
                               R"({"a"})", "{,}", "{'a':{}}", "// comment\n{}", "{/**/}"})
        CHECK(refusal_of(header, 0) != "not refused");
    CHECK(refusal_of("[]", 0) == "safetensors: f: header: expected '{' as first byte, got another");
}

TEST_CASE("metadata other than texts is refused") {
    for (const char* value : {"1", "null", "true", "[]", "{}", "[\"a\"]", "-1", "1.5"})
        CHECK(refusal_of("{\"__metadata__\":{\"k\":" + std::string{value} + "}}", 0)
                  .find("\"__metadata__\": expected a string for \"k\"") != std::string::npos);
    CHECK(refusal_of(R"({"__metadata__":"text"})", 0) != "not refused");
    CHECK(refusal_of(R"({"__metadata__":[]})", 0) != "not refused");
}

TEST_CASE("a zero byte ends nothing: what is hidden behind it is refused") {
    using namespace std::literals;
    CHECK(refusal_of("{}\0"sv, 0) == "json: f: expected JSON, got a zero byte at 2");
    CHECK(refusal_of("{}\0{\"a\":1}"sv, 0) != "not refused");
}

TEST_CASE("names that are not UTF-8 are refused") {
    for (const char* name :
         {"\xff", "\x80", "\xc3", "\xc3(", "\xc0\x80", "\xe0\x80\xaf", "\xed\xa0\x80",
          "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "a\xe2\x82", "\\ud800", "\\udc00",
          "\\ud800\\u0041", "\\u00g0", "\n", "\x01"})
        CHECK(refusal_of('{' + tensor(name, "U8", "[1]", "[0,1]") + '}', 1) != "not refused");
    CHECK(refusal_of("\xef\xbb\xbf{}", 0) != "not refused");
}

TEST_CASE("nesting without end is refused at its first step") {
    const std::string deep(1'000'000, '[');
    CHECK(refusal_of("{\"a\":" + deep, 0) ==
          "safetensors: f: \"a\": expected an object, got an array");
    CHECK(refusal_of("{\"a\":{\"shape\":" + deep, 0) ==
          "safetensors: f: \"a\": expected non-negative integers as shape, got an array");
    std::string objects;
    for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
    CHECK(refusal_of(objects, 0) ==
          "safetensors: f: \"a\": expected dtype, shape and data_offsets, got \"a\"");
}

TEST_CASE("a hundred thousand tensors are read, and found when two of them share a name",
          "[slow]") {
    std::string header = "{";
    for (int i = 0; i < 100'000; ++i) {
        const auto at = std::to_string(99'999 - i);  // against the order of the names
        header += tensor("layer." + at, "U8", "[1]",
                         '[' + std::to_string(i) + ',' + std::to_string(i + 1) + ']') +
                  ',';
    }
    const auto started = std::chrono::steady_clock::now();
    header.back() = '}';
    const bytes file = raw_file(header, 100'000);
    CHECK_FALSE(refusal(file));
    const auto read = safetensors::view_of(file);
    for (int i = 0; i < 100'000; i += 997)
        CHECK(read.at("layer." + std::to_string(i)).bytes.data() ==
              file.data() + file.size() - 1 - std::size_t(i));

    header.back() = ',';
    header += tensor("layer.50000", "U8", "[0]", "[7,7]") + '}';
    CHECK(refusal_of(header, 100'000) ==
          "safetensors: f: \"layer.50000\": expected one tensor, got two of that name");
    // A loop over all pairs would take minutes.
    CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds{30});
}

TEST_CASE("long names, shapes and numbers cost no more than the header they stand in") {
    const std::string name(1'000'000, 'n');
    CHECK(refusal_of('{' + tensor(name, "U8", "[1]", "[0,2]") + '}', 2).size() < 400);
    CHECK(refusal_of('{' + tensor("a", name, "[1]", "[0,1]") + '}', 1).size() < 400);
    CHECK(refusal_of("{\"__metadata__\":{\"" + name + "\":1}}", 0).size() < 400);
    CHECK(refusal_of("{\"a\":{\"" + name + "\":1}}", 0).size() < 400);
    CHECK(refusal_of('{' + name, 0).size() < 400);
    std::string shape = "[1";
    for (int i = 0; i < 500'000; ++i) shape += ",1";
    CHECK(refusal_of('{' + tensor("a", "U8", shape + ']', "[0,2]") + '}', 2).size() < 400);
    const std::string digits(1'000'000, '7');
    CHECK(refusal_of('{' + tensor("a", "U8", '[' + digits + ']', "[0,1]") + '}', 1).size() < 400);
}

TEST_CASE("a file with bytes changed at random is refused, or as sound as any other", "[slow]") {
    const bytes original = real_file();
    const std::size_t header_end = 8 + header_bytes(original);
    std::mt19937 random{20240607};
    int sound = 0;
    for (int round = 0; round < 4000; ++round) {
        bytes file = original;
        for (auto flips = 1 + random() % 3; flips != 0; --flips)
            file[random() % header_end] ^= std::byte(1u << (random() % 8));
        if (refusal(file)) continue;
        ++sound;
        const auto read = safetensors::view_of(file);
        std::size_t seen = 0;
        unsigned sum = 0;
        for (const stored_tensor& t : read.tensors()) {
            seen += t.bytes.size();
            for (std::byte b : t.bytes) sum += unsigned(b);
        }
        CHECK(seen == file.size() - 8 - header_bytes(file));
        CHECK(sum != 0);
    }
    CHECK(sound > 0);  // a changed letter of a name harms nobody
    CHECK(sound < 4000);
}

TEST_CASE("a refused file is neither left open nor mapped") {
    const temporary_folder folder;
    const std::string path = folder.file("bad.safetensors", raw_file('{' + good + '}', 9));
    const auto open_files = [] {
        const std::filesystem::directory_iterator all{"/proc/self/fd"};
        return std::distance(begin(all), end(all));
    };
    const auto before = open_files();
    CHECK_THROWS_AS(safetensors::open(path), load_error);
    CHECK(open_files() == before);
    CHECK(read_text("/proc/self/maps").find("bad.safetensors") == std::string::npos);
}
