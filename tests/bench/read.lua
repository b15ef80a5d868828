-- GET of BENCH_PATH, in which {event} is a random event and {skip} the begin of a random page; BENCH_AS=users
-- sends the token of a random user.
dofile(os.getenv("BENCH_SCRIPTS") .. "/common.lua")

local paths = {}
local tails = {" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"}
local skips = 980

function init()
    seed_random()
    local path = os.getenv("BENCH_PATH")
    if path:find("{event}", 1, true) then
        for i, event in ipairs(lines_of("BENCH_EVENTS")) do paths[i] = "GET " .. path:gsub("{event}", event) end
    elseif path:find("{skip}", 1, true) then
        for i = 1, skips do paths[i] = "GET " .. path:gsub("{skip}", tostring(i)) end
    else
        paths[1] = "GET " .. path
    end
    if os.getenv("BENCH_AS") == "users" then
        for user, token in ipairs(lines_of("BENCH_TOKENS")) do
            tails[user] = " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. token .. "\r\n\r\n"
        end
    end
end

function request()
    return paths[math.random(#paths)] .. tails[math.random(#tails)]
end
