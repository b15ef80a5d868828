-- POST /messages/ from a random user to another.
dofile(os.getenv("BENCH_SCRIPTS") .. "/common.lua")

local heads = {}
local ids = {} -- of the users; 1, 2, 3 ... unless BENCH_IDS names a file with others

function init()
    seed_random()
    for user, token in ipairs(lines_of("BENCH_TOKENS")) do
        heads[user] = "POST /messages/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" ..
            "Authorization: Bearer " .. token .. "\r\nContent-Length: "
        ids[user] = user
    end
    if os.getenv("BENCH_IDS") then ids = lines_of("BENCH_IDS") end
end

function request()
    local sender, receiver = math.random(#heads), math.random(#heads)
    if receiver == sender then receiver = sender % #heads + 1 end
    local body = '{"content":"Shall we play the slow one first tonight?","receiver_id":' .. ids[receiver] .. "}"
    return heads[sender] .. #body .. "\r\n\r\n" .. body
end
