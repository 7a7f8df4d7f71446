// A log of ratings as texts that a language model can be tuned on, as M6-Rec writes behaviour: who
// liked what lately, what is offered now, and the statistics of both as words. Also what means
// alone can tell of the same events.
//     click_texts ML_FOLDER OUT [TRAIN [SEED]]
// ML_FOLDER holds ml-100k.item and ml-100k.inter (RecBole's). Events are cut by time: 80 % to train
// on (TRAIN of them, drawn; 0: all), 10 % for validation, 10 % for testing. OUT gets train.jsonl,
// valid.jsonl, test.jsonl and unseen.jsonl: tests of films that nobody had rated in the first 80 %.
#include <reckon/core/random.hpp>
#include <reckon/data/movielens.hpp>
#include <reckon/io/json.hpp>
#include <reckon/metrics/auc.hpp>
#include <reckon/tasks/running_means.hpp>
#include <reckon/text/verbalise.hpp>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>

using namespace reckon;

namespace {

constexpr idx history = 10;
constexpr float liked_from = 4;
constexpr idx validation = 500, tests = 2000;  // examples, evenly taken

struct memory {
    std::int32_t film;
    bool liked;
    double time;
};

std::string name_of(const film& f) {
    return f.year.empty() ? f.title : f.title + " (" + f.year + ")";
}

/// The films of a user, the oldest first.
std::string text_of(const std::deque<memory>& films, const std::vector<film>& all, double now) {
    std::string text;
    for (const memory& m : films)
        text += (m.liked ? "liked " : "disliked ") + name_of(all[idx(m.film)]) + ' ' +
                ago(std::max(0., now - m.time)) + "; ";
    return text;
}

void write(const std::string& path, const std::vector<std::string>& lines) {
    std::ofstream out{path};
    for (const std::string& line : lines) out << line << '\n';
    if (!out.flush()) throw load_error("click_texts", path, "room for the file", "none");
}

void run(const std::string& from, const std::string& to, idx train, std::uint64_t seed) {
    auto log = read_movielens(from);
    std::stable_sort(log.events.begin(), log.events.end(),
                     [](const event& a, const event& b) { return a.time < b.time; });
    const idx events = log.events.size(), train_end = events * 8 / 10, valid_end = events * 9 / 10;

    running_means means;
    std::map<std::int32_t, std::deque<memory>> users;
    std::vector<std::string> lines[3], unseen;
    std::vector<bool> known(log.films.size());   // in what is trained on
    std::vector<float> labels[2], scores[2][4];  // of the test events: all, and of unseen films
    // Where a film's views and likes and a user's likes stand among all, brought up to date now and
    // again: in words, as numbers say little to a model that reads.
    percentiles views{{0}}, film_likes{{0}}, user_likes{{0}};
    for (idx i = 0; i < events; ++i) {
        const event& e = log.events[i];
        const film& f = log.films[idx(e.item)];
        const bool liked = e.rating >= liked_from;
        auto& own = users[e.user];
        const idx seen = means.popularity(e.item), met = means.history(e.user);
        std::string user = text_of(own, log.films, e.time),
                    item = name_of(f) + ", " + f.genres + '.';
        idx lately = 0;
        for (const memory& m : own) lately += m.liked;
        if (met != 0)
            user = "likes a " + std::string{user_likes.words(means.user_mean(e.user))} +
                   " share of films, " + std::to_string(lately) + " of the last " +
                   std::to_string(own.size()) + ". " + user;
        if (seen != 0)
            item += " liked by a " + std::string{film_likes.words(means.item_mean(e.item))} +
                    " share of a " + std::string{views.words(double(seen))} + " number of viewers.";
        const idx part = i < train_end ? 0 : i < valid_end ? 1 : 2;
        lines[part].push_back("{\"user\":" + json_string(user) + ",\"item\":" + json_string(item) +
                              ",\"label\":" + (liked ? "1}" : "0}"));
        if (part == 2) {
            const bool is_new = !known[idx(e.item)];
            if (is_new) unseen.push_back(lines[2].back());
            for (idx list = 0; list < (is_new ? 2u : 1u); ++list) {
                labels[list].push_back(liked);
                scores[list][0].push_back(float(seen));
                scores[list][1].push_back(float(means.item_mean(e.item)));
                scores[list][2].push_back(float(means.user_mean(e.user)));
                scores[list][3].push_back((float(lately) + 1) / (float(own.size()) + 2));
            }
        }
        if (i % 1000 == 0 && i != 0) {
            std::vector<double> seen_of, liked_of, likes_of;
            for (idx row = 0; row < log.films.size(); ++row)
                if (const idx count = means.popularity(std::int32_t(row)); count != 0) {
                    seen_of.push_back(double(count));
                    liked_of.push_back(means.item_mean(std::int32_t(row)));
                }
            for (const auto& [id, films] : users) likes_of.push_back(means.user_mean(id));
            views = percentiles{std::move(seen_of)};
            film_likes = percentiles{std::move(liked_of)};
            user_likes = percentiles{std::move(likes_of)};
        }
        if (part == 0) known[idx(e.item)] = true;
        means.add(e, liked);
        own.push_back({e.item, liked, e.time});
        if (own.size() > history) own.pop_front();
    }

    std::vector<std::string> chosen;
    std::vector<idx> order(lines[0].size());
    std::iota(order.begin(), order.end(), idx{0});
    const philox random{seed};
    for (idx i = order.size(); i > 1; --i)
        std::swap(order[i - 1], order[random.below(i, std::uint32_t(i))]);
    if (train == 0 || train > order.size()) train = order.size();
    for (idx i = 0; i < train; ++i) chosen.push_back(lines[0][order[i]]);
    const auto evenly = [](const std::vector<std::string>& all, idx count) {
        std::vector<std::string> some;
        count = std::min(count, idx(all.size()));
        for (idx i = 0; i < count; ++i) some.push_back(all[i * all.size() / count]);
        return some;
    };
    std::filesystem::create_directories(to);
    write(to + "/train.jsonl", chosen);
    write(to + "/valid.jsonl", evenly(lines[1], validation));
    write(to + "/test.jsonl", evenly(lines[2], tests));
    write(to + "/unseen.jsonl", unseen);
    const char* const names[] = {"popularity", "film mean", "user mean", "user's last ten"};
    for (idx k = 0; k < 4; ++k)
        std::printf("%s: AUC %.4f of %zu tests, %.4f of %zu of films unseen\n", names[k],
                    auc(scores[0][k], labels[0]), labels[0].size(), auc(scores[1][k], labels[1]),
                    labels[1].size());
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc < 3 || argc > 5) {
        std::fputs("click_texts: expected ML_FOLDER OUT [TRAIN [SEED]]\n", stderr);
        return 2;
    }
    run(argv[1], argv[2], argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0,
        argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 0);
} catch (const std::exception& wrong) {
    std::fprintf(stderr, "click_texts: %s\n", wrong.what());
    return 2;
}
