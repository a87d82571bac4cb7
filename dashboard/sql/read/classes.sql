SELECT label FROM outcomes WHERE attribute = '' AND label IS NOT NULL
UNION
SELECT decision FROM outcomes WHERE attribute = '' AND decision IS NOT NULL
